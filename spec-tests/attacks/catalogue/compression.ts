import process from 'node:process'
import { constants, deflateRawSync } from 'node:zlib'
import { compress } from '../../support/compress.ts'
import { noise } from '../../support/noise.ts'
import { BINARY, CONTINUATION, frame, type RawPeer, TEXT } from '../../support/raw-server.ts'
import {
  type Attack,
  type ClientOptions,
  conclude,
  finish,
  flood,
  message,
  neverOpened,
  refused,
  type Step,
  SURVIVED,
} from '../attack.ts'

const KIB = 1024
const MIB = 1024 * KIB
const RSV1 = 4

/** Zeros, compressed a thousandfold, up to a byte border: copies of it behind each other are one stream as well. */
const compressedZeros = deflateRawSync(new Uint8Array(MIB), { level: 9, finishFlush: constants.Z_SYNC_FLUSH })

/** The payload of a compressed message that inflates to so many MiB. */
function bomb(mebibytes: number): Buffer {
  return Buffer.concat(Array.from({ length: mebibytes }, () => compressedZeros)).subarray(0, -4)
}

async function accept(peer: RawPeer, parameters = ''): Promise<void> {
  await peer.accept(`Sec-WebSocket-Extensions: permessage-deflate${parameters}`)
}

/** One step that sends these bytes and ends as it is expected. */
function sends(bytes: Uint8Array, expect: Step['expect'], options: ClientOptions, parameters = ''): Step {
  return {
    options,
    expect,
    async serve(peer) {
      await accept(peer, parameters)
      await flood(peer, bytes, 1)
      return expect === SURVIVED ? finish(peer) : conclude(peer)
    },
  }
}

const oneMebibyte: ClientOptions = { maxPayload: MIB }
const tooBig = refused(1009, 'WS_ERR_MESSAGE_TOO_BIG')

export const compressionAttacks: readonly Attack[] = [
  {
    name: 'a deflate bomb in one frame',
    source: 'CVE-2026-1526, CVE-2018-1000518',
    bound: 'inflation stops one byte behind maxPayload (here 1 MiB)',
    amount: 16,
    unit: 'MiB inflated',
    work: 'constant',
    memory: { limit: 16 },
    steps: amount => [sends(message(BINARY, bomb(amount), { rsv: RSV1 }), tooBig, oneMebibyte)],
  },
  {
    name: 'a deflate bomb over many fragments',
    source: 'CVE-2026-1526, CVE-2026-12151',
    bound: 'maxPayload counts what all fragments inflate to',
    amount: 16,
    unit: 'MiB inflated, in frames of 7 bytes',
    work: 'constant',
    memory: { limit: 16 },
    steps: amount => [sends(message(TEXT, bomb(amount), { rsv: RSV1, size: 7 }), tooBig, oneMebibyte)],
  },
  // One connection a run, before which garbage is collected: with both in one run, what the first has left may or may not be
  // collected before the second has taken its memory.
  ...(['bytes', 'text'] as const).map(
    (type): Attack => ({
      name: `a deflate bomb of ${type} under the default limit`,
      source: 'CVE-2026-1526, RFC 6455 section 10.4',
      bound: 'what grows takes its length in memory, up to maxPayload (here 128 MiB), and is not copied to grow',
      amount: 150,
      unit: `MiB of ${type} inflated`,
      work: 'constant',
      // One and a half times maxPayload.
      memory: { limit: 192 },
      steps: amount => [sends(message(type === 'text' ? TEXT : BINARY, bomb(amount), { rsv: RSV1 }), tooBig, {})],
    }),
  ),
  {
    name: 'deflate bombs without context takeover',
    source: 'CVE-2026-1526, RFC 7692 section 7.1.1.1',
    bound: 'each message up to maxPayload (here 64 KiB); more than 512 KiB that waits for its task pauses reading',
    amount: 512,
    unit: 'messages that inflate to just the limit, then one beyond it',
    work: 'linear',
    memory: { limit: 96 },
    steps: amount => {
      const full = message(BINARY, compress(new Uint8Array(64 * KIB)), { rsv: RSV1 })
      const beyond = message(BINARY, compress(new Uint8Array(64 * KIB + 1)), { rsv: RSV1 })
      return [
        {
          options: { maxPayload: 64 * KIB },
          expect: refused(1009, 'WS_ERR_MESSAGE_TOO_BIG', amount),
          async serve(peer) {
            await accept(peer, '; server_no_context_takeover')
            await flood(peer, full, amount)
            await flood(peer, beyond, 1)
            return conclude(peer)
          },
        },
      ]
    },
  },
  {
    name: 'deflate bombs that all arrive in one read',
    source: 'CVE-2026-1526',
    bound: 'reading pauses, within the chunk, when more than 512 KiB waits for its tasks',
    amount: 12,
    unit: 'messages of 1 MiB in one packet',
    work: 'linear',
    // What waits at the first message is seen on the heap: 4.5 MiB at most, of it the packet and one message, and 48 to 104 where
    // reading does not pause. Resident memory is mostly what was delivered and not yet collected: 37 MiB at most on Node.js 20, 65 on
    // 22 and 92 on 26.
    memory: { limit: Number.parseInt(process.versions.node, 10) > 20 ? 100 : 64, held: 6 },
    steps: amount => [
      sends(
        Buffer.concat(Array.from({ length: amount }, () => message(BINARY, bomb(1), { rsv: RSV1 }))),
        SURVIVED,
        { ...oneMebibyte, heapAtMessage: true },
        '; server_no_context_takeover',
      ),
    ],
  },
  {
    name: 'compressed data that inflates to nothing',
    source: 'RFC 1951 section 3.2.4',
    bound: 'compressed bytes count too: at most 2 * maxPayload + 4 KiB a message',
    amount: 512 * KIB,
    unit: 'bytes of empty stored blocks',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount => {
      // The last block goes on with what the sender has left out.
      const blocks = Buffer.alloc(5 * Math.floor(amount / 4 / 5), '000000ffff', 'hex')
      const nothing = Buffer.concat([blocks, Buffer.of(0)])
      const whole = message(BINARY, nothing, { rsv: RSV1 })
      const cut = message(BINARY, nothing, { rsv: RSV1, size: 1000 })
      const limit = frame(BINARY, '', { rsv: RSV1, length: 2 * MIB + 4 * KIB + 1 })
      return [sends(Buffer.concat([whole, cut, whole, cut]), SURVIVED, oneMebibyte), sends(limit, tooBig, oneMebibyte)]
    },
  },
  {
    name: 'a stream that ends with every block',
    source: 'RFC 7692 section 7.2.3.4',
    bound: 'two bytes cost one reset of the inflater; they count as compressed bytes',
    amount: 32 * KIB,
    unit: 'blocks with BFINAL set',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount => {
      const blocks = Buffer.alloc(2 * amount, '0300', 'hex')
      return [sends(message(BINARY, blocks, { rsv: RSV1 }), SURVIVED, oneMebibyte)]
    },
  },
  {
    name: 'compressed fragments of one byte',
    source: 'CVE-2026-48779, CVE-2026-12151',
    bound: 'fragments are inflated as they come, and leave nothing behind',
    amount: 16 * KIB,
    unit: 'fragments',
    work: 'linear',
    memory: { limit: 24, held: 2 },
    steps: amount => {
      // Noise does not compress: about as many bytes come out.
      const payload = compress(noise(amount))
      return [
        {
          expect: SURVIVED,
          async serve(peer, probe) {
            await accept(peer)
            await flood(peer, frame(BINARY, payload.subarray(0, 1), { rsv: RSV1, fin: false }), 1)
            const rest = message(CONTINUATION, payload.subarray(1), { size: 1 })
            await flood(peer, rest.subarray(0, -3), 1)
            await probe.heap()
            await flood(peer, rest.subarray(-3), 1)
            return finish(peer)
          },
        },
      ]
    },
  },
  {
    name: 'bad window bits and other parameters in the answer',
    source: 'CVE-2026-2229, RFC 7692 section 7.1',
    bound: 'the handshake fails; nothing is thrown',
    amount: 1,
    unit: 'times each of them',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount => Array.from({ length: amount }, () => badAnswers.map(refuseAnswer)).flat(),
  },
]

const badAnswers = [
  ...['0', '7', '16', '-1', '1e1', '0x8', '015', '8.0', '""', 'NaN', '99999999999999999999'].flatMap(bits => [
    `permessage-deflate; server_max_window_bits=${bits}`,
    `permessage-deflate; client_max_window_bits=${bits}`,
  ]),
  'permessage-deflate; server_max_window_bits',
  'permessage-deflate; server_max_window_bits=',
  'permessage-deflate; server_max_window_bits="8',
  'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
  'permessage-deflate; server_no_context_takeover=1',
  'permessage-deflate; client_no_context_takeover=""',
  'permessage-deflate, permessage-deflate',
  'permessage-deflate; __proto__=8',
  'permessage-deflate; constructor',
  'permessage-bzip2',
]

function refuseAnswer(extensions: string): Step {
  return {
    expect: neverOpened('WS_ERR_INVALID_EXTENSIONS'),
    async serve(peer) {
      await peer.accept(`Sec-WebSocket-Extensions: ${extensions}`)
      return conclude(peer)
    },
  }
}
