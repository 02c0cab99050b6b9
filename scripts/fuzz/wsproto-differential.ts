import { isUtf8 } from 'node:buffer'
import { expect } from 'chai'
import { type Arbitrary, array, boolean, constantFrom, record } from 'fast-check'
import { nodePlatform } from '#lib/platform/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { validateResponse } from '#lib/protocol/handshake.js'
import { ResponseHeadReader } from '#lib/protocol/http1.js'
import { damage, damaged } from '../../spec-tests/fuzz/damage.ts'
import { factsOf } from '../../spec-tests/fuzz/deflate-walk.ts'
import { isHopeless, messagesOf, walk } from '../../spec-tests/fuzz/frame-walk.ts'
import { type Property, property } from '../../spec-tests/fuzz/property.ts'
import { anyStream, type ServerStream } from '../../spec-tests/fuzz/server-stream.ts'
import { readByUs } from '../../spec-tests/fuzz/ws-receiver.ts'
import { acceptanceFor } from '../../spec-tests/support/acceptance.ts'
import type { Response, Wsproto } from './wsproto.ts'

/*
 * The same bytes through our reader and that of wsproto: frames, with permessage-deflate and without, and responses to the
 * opening handshake. What differs has to be explained.
 */

interface Lines {
  readonly ours: string | undefined
  readonly theirs: string | undefined
}

/** Why the first line that differs may do so. */
interface Explanation {
  readonly reason: string
  readonly explains: (lines: Lines, stream: ServerStream) => boolean
}

const SAFE = 2n ** 53n - 1n

const explanations: readonly Explanation[] = [
  {
    reason:
      'wsproto loses its place in a compressed message when a control frame comes between its fragments (RFC 6455 section 5.4)',
    explains: (_lines, { bytes, deflate }) => deflate !== undefined && hasControlWithinCompressed(bytes),
  },
  {
    reason:
      'bytes behind the end of a DEFLATE stream are another stream for us (RFC 7692 section 7.2.3.4); wsproto drops them',
    explains: (_lines, { bytes, deflate }) =>
      deflate !== undefined && factsOf(messagesOf(walk(bytes)), deflate).hasStreamEnd,
  },
  {
    reason:
      'a compressed message that ends within a block is cut off (RFC 7692 section 7.2.1); wsproto takes what it gives',
    explains: (_lines, { bytes, deflate }) =>
      deflate !== undefined && factsOf(messagesOf(walk(bytes)), deflate).endsWithinBlock,
  },
  {
    reason:
      'we fail at the byte with which text can no longer be well-formed (RFC 6455 section 8.1); the decoder of Python waits for the last byte of a surrogate',
    explains: ({ ours, theirs }, { bytes }) =>
      ours === 'fail 1007' &&
      // Were both to read the whole message, both would have to refuse it.
      !/^(?:text|binary)/.test(theirs ?? '') &&
      messagesOf(walk(bytes)).some(
        ({ isText, isCompressed, payload }) => isText && (isCompressed || isHopeless(payload)),
      ),
  },
  {
    reason: 'more bytes than a number can count are refused by their header (RFC 6455 section 10.4); Python counts on',
    explains: ({ ours }, { bytes }) =>
      ours === 'fail 1009' && walk(bytes).reduce((sum, { length }) => sum + length, 0n) > SAFE,
  },
  {
    reason:
      'a message that begins within another one is refused by the header of its frame (RFC 6455 section 5.4); wsproto inflates its payload before that if it takes it for compressed',
    explains: ({ ours, theirs }, { bytes, deflate }) =>
      deflate !== undefined && ours === 'fail 1002' && theirs === 'fail 1007' && inflatesMessageWithinMessage(bytes),
  },
  {
    reason: 'wsproto does not know 1012, 1013 and 1014, which were registered later (RFC 6455 section 7.4.2)',
    explains: ({ ours = '', theirs }, { bytes }) => {
      if (theirs !== 'fail 1002') return false
      // The reason may be no UTF-8, which wsproto does not look at then.
      return /^close 101[234] /.test(ours) || (ours === 'fail 1007' && hasLaterCodeAndBadReason(bytes))
    },
  },
]

/** Whether the first Close frame has the code 1012, 1013 or 1014, and a reason that is no UTF-8. */
function hasLaterCodeAndBadReason(bytes: Buffer): boolean {
  const payload = walk(bytes).find(({ opcode }) => opcode === 8)?.payload
  if (payload === undefined || payload.length < 2) return false
  const code = payload.readUInt16BE(0)
  return code >= 1012 && code <= 1014 && !isUtf8(payload.subarray(2))
}

/** Whether a control frame stands between the fragments of a compressed message. */
function hasControlWithinCompressed(bytes: Buffer): boolean {
  let isOpen = false
  for (const { opcode, fin, rsv } of walk(bytes)) {
    if (opcode >= 8 && isOpen) return true
    if (opcode < 8) isOpen = !fin && (opcode === 0 ? isOpen : (rsv & 4) !== 0)
  }
  return false
}

/**
 * Whether a message begins between the fragments of another one, and wsproto inflates it. Whether payloads are compressed is decided by
 * wsproto with the first frame behind one with FIN, which every control frame has.
 */
function inflatesMessageWithinMessage(bytes: Buffer): boolean {
  let isOpen = false
  let isCompressed: boolean | undefined
  for (const { opcode, fin, rsv } of walk(bytes)) {
    isCompressed ??= (rsv & 4) !== 0
    if (opcode < 8) {
      if (isOpen && opcode !== 0 && isCompressed) return true
      isOpen = !fin
    }
    if (fin) isCompressed = undefined
  }
  return false
}

/** The first lines in which the two readers differ; undefined if they agree. */
async function compare(wsproto: Wsproto, stream: ServerStream): Promise<Lines | undefined> {
  const ours = readByUs(stream)
  const theirs = await wsproto.read(stream)
  for (let index = 0; index < ours.length || index < theirs.length; index++) {
    if (ours[index] === theirs[index]) continue
    if (theirs[index] === undefined && ours[index]!.startsWith('fail')) {
      // We judge each byte of a header as it comes, wsproto a frame when some of its payload has come.
      const longer = await wsproto.read({ ...stream, bytes: Buffer.concat([stream.bytes, Buffer.alloc(16)]) })
      if (longer[index] === ours[index]) return undefined
    }
    return { ours: ours[index], theirs: theirs[index] }
  }
  return undefined
}

const wildByte = constantFrom(0, 9, 10, 13, 32, 44, 58, 59, 61, 0x41, 0xe4)

/** What a server may add to a 101, and what is then changed of it. */
const answers = record({
  lines: array(
    constantFrom(
      'Sec-WebSocket-Protocol: one',
      'Sec-WebSocket-Protocol: two',
      'Sec-WebSocket-Protocol: three',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10',
      'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover',
      'Sec-WebSocket-Extensions: x-other',
      'X: a',
      'Set-Cookie: a=b; Path=/',
    ),
    { maxLength: 3 },
  ),
  harms: array(damage(wildByte), { maxLength: 2 }),
  protocols: constantFrom([], ['one'], ['one', 'two']),
  deflate: boolean(),
})

const offer = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: true,
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

function responseOf({
  lines,
  harms,
  protocols,
  deflate,
}: typeof answers extends Arbitrary<infer Value> ? Value : never): Response {
  const head = damaged(acceptanceFor(`Sec-WebSocket-Key: ${KEY}\r\n`, ...lines), harms)
  return { head, key: KEY, protocols, deflate }
}

/** Our half of the handshake: what is left of it when the connection is there. */
function shakeHands({ head, key, protocols, deflate }: Response): readonly [outcome: 'open' | 'fail', detail: string] {
  const result = new ResponseHeadReader().read(head)
  if (result === undefined) return ['fail', 'incomplete']
  if (result instanceof ConnectionError) return ['fail', result.code]
  if (result.status !== 101) return ['fail', String(result.status)]
  const handshake = { headers: [], key, protocols, deflate: deflate ? offer : undefined }
  const agreement = validateResponse(nodePlatform, handshake, result)
  return agreement instanceof ConnectionError ? ['fail', agreement.code] : ['open', agreement.protocol]
}

/** Where we refuse what wsproto takes, by the code of our refusal. It takes nothing that we refuse for another reason, and no less. */
const refusals: Readonly<
  Record<string, { readonly reason: string; readonly holds: (head: string, response: Response) => boolean }>
> = {
  WS_ERR_INVALID_SUBPROTOCOL: {
    reason:
      'none was chosen of those that were offered (the WebSockets Standard), or more than one; wsproto takes the last',
    holds: (head, { protocols }) => protocols.length > 0 && fields(head, 'sec-websocket-protocol') !== 1,
  },
  WS_ERR_INVALID_EXTENSIONS: {
    reason: 'a parameter that is not known, or the extension twice (RFC 7692 section 7.1); wsproto ignores both',
    holds: head => fields(head, 'sec-websocket-extensions') > 0,
  },
  WS_ERR_INVALID_UPGRADE: {
    reason: 'the field comes twice; wsproto takes the last',
    holds: head => fields(head, 'upgrade') > 1,
  },
  WS_ERR_INVALID_ACCEPT: {
    reason: 'the field comes twice; wsproto takes the last',
    holds: head => fields(head, 'sec-websocket-accept') > 1,
  },
  WS_ERR_INVALID_RESPONSE: {
    reason: 'another version than HTTP/1, or a control character (RFC 9112 section 4); h11 takes both',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
    holds: head => !/^HTTP\/1\./.test(head) || /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(head),
  },
}

/** How often a field comes in a head, which ends with the first empty line: what was changed may have made one. */
function fields(bytes: string, name: string): number {
  const [head] = bytes.split(/\r?\n\r?\n/, 1)
  return head!.match(new RegExp(`^${name}[ \\t]*:`, 'gim'))?.length ?? 0
}

export function wsprotoDifferential(wsproto: Wsproto): readonly Property[] {
  return [
    property('wsproto reads the same, but for the differences that are explained', 500, anyStream, async stream => {
      const difference = await compare(wsproto, stream)
      if (difference === undefined) return
      const explained = explanations.some(({ explains }) => explains(difference, stream))
      const { ours = 'nothing', theirs = 'nothing' } = difference
      const text = `we read "${ours}" where wsproto reads "${theirs}" in ${stream.bytes.toString('hex')}`
      expect(explained, text).to.equal(true)
    }),
    property('wsproto opens by the same responses, but for what is explained', 500, answers, async answer => {
      const response = responseOf(answer)
      const [ours, ourDetail] = shakeHands(response)
      const [theirs, theirDetail] = await wsproto.shakeHands(response)
      const head = Buffer.from(response.head).toString('latin1')
      if (ours === theirs && (ours === 'fail' || ourDetail === theirDetail)) return
      const explained = ours === 'fail' && refusals[ourDetail]?.holds(head, response) === true
      const text = `we: ${ours} ${ourDetail}, wsproto: ${theirs} ${theirDetail}, for ${JSON.stringify(head)}`
      expect(explained, text).to.equal(true)
    }),
  ]
}
