import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import {
  type Attack,
  conclude,
  type Expectation,
  finish,
  flood,
  lost,
  refused,
  type Step,
  SURVIVED,
  times,
} from '../attack.ts'

/** Sends these bytes, without any extension in use. */
function sends(bytes: Uint8Array, expect: Expectation, options: Step['options'] = {}): Step {
  return {
    options: { perMessageDeflate: false, ...options },
    expect,
    async serve(peer) {
      await peer.accept()
      await flood(peer, bytes, 1)
      return expect === SURVIVED ? finish(peer) : conclude(peer)
    },
  }
}

const MASK = Uint8Array.of(1, 2, 3, 4)
const RSV1 = 4
const begun = frame(TEXT, 'begun', { fin: false })

/** The frame, and how it is refused. */
const violations: ReadonlyArray<readonly [bytes: Uint8Array, failure: string]> = [
  ...[TEXT, BINARY, PING, PONG, CLOSE].map(
    opcode => [frame(opcode, 'abcd', { mask: MASK }), 'WS_ERR_MASKED_FRAME'] as const,
  ),
  [frame(TEXT, '', { mask: new Uint8Array(4) }), 'WS_ERR_MASKED_FRAME'],
  [Buffer.concat([begun, frame(CONTINUATION, 'abcd', { mask: MASK })]), 'WS_ERR_MASKED_FRAME'],
  ...[PING, PONG, CLOSE].map(opcode => [frame(opcode, '', { rsv: RSV1 }), 'WS_ERR_RESERVED_BITS'] as const),
  [Buffer.concat([begun, frame(CONTINUATION, '', { rsv: RSV1 })]), 'WS_ERR_RESERVED_BITS'],
  [frame(TEXT, '', { rsv: RSV1 }), 'WS_ERR_RESERVED_BITS'],
  [frame(TEXT, '', { rsv: 2 }), 'WS_ERR_RESERVED_BITS'],
  [frame(TEXT, '', { rsv: 1 }), 'WS_ERR_RESERVED_BITS'],
  [Buffer.concat([begun, frame(TEXT, 'anew')]), 'WS_ERR_UNFINISHED_MESSAGE'],
  [Buffer.concat([begun, frame(BINARY, '', { fin: false })]), 'WS_ERR_UNFINISHED_MESSAGE'],
  [frame(CONTINUATION, 'of nothing'), 'WS_ERR_UNEXPECTED_CONTINUATION'],
  [frame(CONTINUATION, '', { fin: false }), 'WS_ERR_UNEXPECTED_CONTINUATION'],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(opcode => [frame(opcode), 'WS_ERR_INVALID_OPCODE'] as const),
  ...[PING, PONG, CLOSE].map(opcode => [frame(opcode, '', { fin: false }), 'WS_ERR_FRAGMENTED_CONTROL'] as const),
  ...[PING, PONG, CLOSE].map(opcode => [frame(opcode, 'x'.repeat(126)), 'WS_ERR_LONG_CONTROL'] as const),
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535].map(
    code => [frame(CLOSE, closeBody(code)), 'WS_ERR_INVALID_CLOSE'] as const,
  ),
  [frame(CLOSE, 'x'), 'WS_ERR_INVALID_CLOSE'],
]

/** With permessage-deflate RSV1 has a meaning, but in none of these places. */
const misplacedRsv1: readonly Step[] = [
  ...[PING, PONG, CLOSE].map(opcode => frame(opcode, '', { rsv: RSV1 })),
  Buffer.concat([begun, frame(CONTINUATION, '', { rsv: RSV1 })]),
  Buffer.concat([frame(TEXT, 'x', { rsv: RSV1, fin: false }), frame(CONTINUATION, '', { rsv: RSV1 })]),
  frame(TEXT, '', { rsv: RSV1 | 1 }),
].map(bytes => ({
  expect: refused(1002, 'WS_ERR_RESERVED_BITS'),
  async serve(peer) {
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
    await flood(peer, bytes, 1)
    return conclude(peer)
  },
}))

const MIB = 1024 * 1024
/** Announced lengths, and whether they are no length at all. */
const lengths: ReadonlyArray<readonly [length: bigint, valid: boolean]> = [
  [2n ** 31n, true],
  [2n ** 32n, true],
  [2n ** 32n + 1n, true],
  [2n ** 53n - 1n, true],
  [2n ** 53n, true],
  [2n ** 53n + 1n, true],
  [2n ** 62n, true],
  [2n ** 63n - 1n, true],
  [2n ** 63n, false],
  [2n ** 63n + 5n, false],
  [2n ** 64n - 1n, false],
]

const lengthSteps = lengths.flatMap(([length, valid]) => {
  const expect = valid ? refused(1009, 'WS_ERR_MESSAGE_TOO_BIG') : refused(1002, 'WS_ERR_INVALID_LENGTH')
  const whole = frame(BINARY, 'x', { length, lengthBits: 64 })
  const fragment = Buffer.concat([
    frame(BINARY, 'x', { fin: false }),
    frame(CONTINUATION, 'x', { length, lengthBits: 64 }),
  ])
  const steps = [sends(whole, expect), sends(fragment, expect)]
  // No limit of ours: then the host's arithmetic is the limit.
  if (length >= 2n ** 53n)
    steps.push(sends(whole, expect, { maxPayload: 0 }), sends(fragment, expect, { maxPayload: 0 }))
  return steps
})

/** Not in the shortest form, or with more than a control frame may have. */
const longForms: readonly Step[] = [
  ...[0n, 125n].map(length => frame(TEXT, '', { length, lengthBits: 16 })),
  ...[0n, 125n, 126n, 65535n].map(length => frame(TEXT, '', { length, lengthBits: 64 })),
].map(bytes => sends(bytes, refused(1002, 'WS_ERR_INVALID_LENGTH')))

export const frameAttacks: readonly Attack[] = [
  {
    name: 'frames that are masked, with reserved bits, in the wrong place or ill-formed',
    source: 'RFC 6455 sections 5.1, 5.2, 5.4, 5.5 and 7.4',
    bound: 'Close 1002, then nothing more is read',
    amount: 1,
    unit: 'times each of them',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount =>
      times(amount, [...violations.map(([bytes, failure]) => sends(bytes, refused(1002, failure))), ...misplacedRsv1]),
  },
  {
    name: '64-bit lengths, about 2^31, 2^32, 2^53 and 2^63, whole and in fragments',
    source: 'CVE-2026-1528, CVE-2020-27813, CVE-2020-13935',
    bound: 'judged before any memory is taken: 1009 if too long, 1002 if no length',
    amount: 1,
    unit: 'times each of them',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount => times(amount, [...lengthSteps, ...longForms]),
  },
  {
    name: 'lengths that are announced, and no payload',
    source: 'CVE-2016-10542, RFC 6455 section 10.4',
    bound: 'memory is taken as bytes arrive, 1 MiB in advance',
    amount: 2,
    unit: 'times 127 MiB announced',
    work: 'linear',
    memory: { limit: 24, held: 3 },
    steps: amount => {
      const announced = frame(BINARY, 'x', { length: 127 * MIB })
      const announces: Step = {
        expect: lost,
        async serve(peer, probe) {
          await peer.accept()
          await peer.write(announced)
          await probe.heap()
          peer.end()
          return conclude(peer)
        },
      }
      return times(amount, [announces])
    },
  },
  {
    name: 'frames after the Close frame',
    source: 'RFC 6455 sections 1.4 and 5.5.1',
    bound: 'read over, and after 1 MiB the connection is dropped',
    amount: 256,
    unit: 'KiB of frames',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount => [
      {
        // The server says 1000 itself, so that is how it closes.
        expect: { close: 1000, wire: 1000, messages: 1 },
        async serve(peer) {
          await peer.accept()
          const last = Buffer.concat([frame(TEXT, 'the last'), frame(CLOSE, closeBody(1000)), frame(TEXT, 'too late')])
          await peer.write(last)
          await flood(peer, frame(TEXT, 'x'.repeat(1022)), amount)
          return conclude(peer)
        },
      },
    ],
  },
]
