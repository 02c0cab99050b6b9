import { BINARY, CLOSE, CONTINUATION, frame, PING, TEXT } from '../support/raw-server.ts'
import { factsOf } from './deflate-walk.ts'
import { isHopeless, messagesOf, type WalkedFrame, walk } from './frame-walk.ts'
import type { ServerStream } from './server-stream.ts'

/** Where our reader and that of ws do not agree, and which of the two the RFC is with. */
export interface Difference {
  readonly name: string
  readonly section: string
  readonly reason: string
  /** A stream that shows it, and the first line of each reader in which they differ. */
  readonly example: ServerStream & { readonly ours: string | undefined; readonly theirs: string | undefined }
  /** Whether it is the reason for such first lines, for that stream. */
  explains(lines: FirstDifference, stream: ServerStream): boolean
}

/** The first lines that are not the same; undefined where a reader has no more. */
export interface FirstDifference {
  readonly ours: string | undefined
  readonly theirs: string | undefined
}

const TOP_BIT = 2n ** 63n
const SAFE = 2n ** 53n - 1n

const compression = { serverNoContextTakeover: false, serverMaxWindowBits: 15 }

const plain = (...frames: Buffer[]): ServerStream => ({ bytes: Buffer.concat(frames), deflate: undefined })

const isLong = ({ form, length }: WalkedFrame): boolean =>
  (form === 16 && length < 126n) || (form === 64 && length < 65_536n)

/** Whether a compressed message comes behind one that has no byte. */
function isSpoiltForWs(bytes: Buffer): boolean {
  const compressed = messagesOf(walk(bytes)).filter(one => one.isCompressed)
  const index = compressed.findIndex(one => one.isWhole && one.payload.length === 0)
  return index >= 0 && index < compressed.length - 1
}

export const differences: readonly Difference[] = [
  {
    name: 'a length in a longer form than it needs',
    section: 'RFC 6455 section 5.2',
    reason: 'the minimal number of bytes MUST be used to encode the length; ws does not look',
    example: { ...plain(frame(TEXT, 'hello', { lengthBits: 16 })), ours: 'fail 1002', theirs: 'text hello' },
    explains: ({ ours }, { bytes }) => ours === 'fail 1002' && walk(bytes).some(isLong),
  },
  {
    name: 'a length with its highest bit set',
    section: 'RFC 6455 section 5.2',
    reason: 'the most significant bit MUST be 0, so this is a protocol error; for ws it is a message that is too big',
    example: { ...plain(frame(BINARY, '', { length: TOP_BIT })), ours: 'fail 1002', theirs: 'fail 1009' },
    explains: ({ ours, theirs }, { bytes }) =>
      ours === 'fail 1002' && theirs === 'fail 1009' && walk(bytes).some(({ length }) => length >= TOP_BIT),
  },
  {
    name: 'fragments of more bytes together than a number can count',
    section: 'RFC 6455 section 10.4',
    reason: 'refused as soon as the header tells; ws waits for bytes that cannot be counted',
    example: {
      ...plain(frame(BINARY, 'x', { fin: false }), frame(CONTINUATION, '', { length: SAFE })),
      ours: 'fail 1009',
      theirs: undefined,
    },
    explains: ({ ours, theirs }, { bytes }) =>
      ours === 'fail 1009' && theirs === undefined && walk(bytes).reduce((sum, one) => sum + one.length, 0n) > SAFE,
  },
  {
    name: 'text that is ill-formed before the message has ended',
    section: 'RFC 6455 section 8.1',
    reason: 'the connection MUST be failed when an endpoint finds it; we look as the bytes come, ws at the end',
    example: {
      ...plain(frame(TEXT, Buffer.of(0xff), { fin: false }), frame(PING, 'p')),
      ours: 'fail 1007',
      theirs: 'ping 70',
    },
    explains: ({ ours }, { bytes }) =>
      ours === 'fail 1007' &&
      messagesOf(walk(bytes)).some(one => one.isText && !one.isCompressed && isHopeless(one.payload)),
  },
  {
    name: 'compressed data that is wrong before its frame has ended',
    section: 'RFC 7692 section 7.2.2',
    reason: 'we inflate as the bytes come, ws when a frame is whole, and it looks at the text when the message is',
    example: {
      bytes: frame(TEXT, Buffer.of(0xff, 0xff), { rsv: 4, length: 10 }),
      deflate: compression,
      ours: 'fail 1007',
      theirs: undefined,
    },
    explains: ({ ours, theirs }, { bytes, deflate }) =>
      deflate !== undefined &&
      ours === 'fail 1007' &&
      // Were both to read the whole message, both would have to refuse it.
      !/^(?:text|binary)/.test(theirs ?? '') &&
      messagesOf(walk(bytes)).some(({ isCompressed }) => isCompressed),
  },
  {
    name: 'bytes behind the end of a DEFLATE stream',
    section: 'RFC 7692 section 7.2.3.4',
    reason: 'another stream follows, and is read, or refused; ws drops what follows, even the next message',
    example: {
      bytes: frame(BINARY, Buffer.from('0300ff', 'hex'), { rsv: 4 }),
      deflate: compression,
      ours: 'fail 1007',
      theirs: 'binary ',
    },
    // What ws makes of the messages behind it depends on whether it has noticed the end by then.
    explains: (_lines, { bytes, deflate }) =>
      deflate !== undefined && factsOf(messagesOf(walk(bytes)), deflate).hasStreamEnd,
  },
  {
    name: 'a compressed message that does not end where a block does',
    section: 'RFC 7692 section 7.2.1',
    reason: 'it was cut off; ws takes what it gives for the message, and the end of it for the beginning of the next',
    example: {
      bytes: frame(BINARY, Buffer.from('f248cd', 'hex'), { rsv: 4 }),
      deflate: compression,
      ours: 'fail 1007',
      theirs: 'binary 486568',
    },
    // What little either of them does not notice spoils the messages behind it.
    explains: (_lines, { bytes, deflate }) =>
      deflate !== undefined && factsOf(messagesOf(walk(bytes)), deflate).endsWithinBlock && !isSpoiltForWs(bytes),
  },
  {
    name: 'a message behind a compressed message without a byte',
    section: 'RFC 7692 section 7.2.3.6',
    reason: 'both take it for empty; ws spoils the message behind it',
    example: {
      bytes: Buffer.concat([
        frame(BINARY, '', { rsv: 4 }),
        frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), { rsv: 4 }),
      ]),
      deflate: compression,
      ours: 'text Hello',
      theirs: 'fail 1007',
    },
    explains: (_lines, { bytes, deflate }) => deflate !== undefined && isSpoiltForWs(bytes),
  },
  {
    name: 'a Close frame whose payload of one byte has not come',
    section: 'RFC 6455 section 5.5.1',
    reason: 'ws judges the header, we the body: the byte more changes nothing',
    example: { ...plain(frame(CLOSE, 'x').subarray(0, 2)), ours: undefined, theirs: 'fail 1002' },
    explains: ({ ours, theirs }, { bytes }) => {
      const last = walk(bytes).at(-1)
      return (
        ours === undefined &&
        theirs === 'fail 1002' &&
        last?.opcode === CLOSE &&
        last.length === 1n &&
        last.payload.length === 0
      )
    },
  },
]
