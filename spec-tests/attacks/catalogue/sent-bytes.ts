import { Buffer } from 'node:buffer'
import { constants, inflateRawSync } from 'node:zlib'
import { ping, WebSocket } from '#lib/entry/node.js'
import { withProperty } from '../../support/expect.ts'
import { CLOSE, PING, type RawFrame, type RawPeer, startRawServer, TEXT } from '../../support/raw-server.ts'
import type { Check, CheckResult } from '../check.ts'

/*
 * What the client sends is what it was told to send, and nothing of what was in its memory before. The memory that the
 * host hands out uninitialised is filled with a byte here, once with one and once with another: whatever of it reaches
 * the wire is no payload that was sent, and not the same twice.
 */

const FILLINGS = [0xa5, 0x5a]
const RSV1 = 4

/** Lengths at which the header, the buffer or the way of compressing changes. */
const LENGTHS = [0, 1, 2, 31, 32, 33, 63, 64, 65, 124, 125, 126, 127, 128, 5461, 5462, 16_383, 16_384, 16_385]
const LONG_LENGTHS = [65_535, 65_536, 70_000, 131_072, 200_000]

const CHARACTERS = ['x', '\u00e9', '\u20ac', '\u{1f600}', '\ud800', '\udc00']

interface Sending {
  send(socket: WebSocket): void
  readonly expected: Buffer
}

const utf8 = (text: string): Buffer => Buffer.from(new TextEncoder().encode(text))

function sendings(): Sending[] {
  const list: Sending[] = []
  const text = (value: string): void => {
    list.push({ send: socket => socket.send(value), expected: utf8(value) })
  }
  const bytes = (value: ArrayBuffer | ArrayBufferView, expected: Uint8Array): void => {
    list.push({ send: socket => socket.send(value as ArrayBuffer), expected: Buffer.from(expected) })
  }
  for (const character of CHARACTERS) for (const length of LENGTHS) text(character.repeat(length))
  for (const length of LONG_LENGTHS) {
    text('x'.repeat(length))
    text('\u20ac\ud800'.repeat(length / 2))
  }
  for (const length of [...LENGTHS, ...LONG_LENGTHS]) {
    // Hard to compress, and with a pattern that tells each place.
    const payload = Uint8Array.from({ length }, (_, index) => (index * 2_654_435_761) >>> 24)
    bytes(payload, payload)
    bytes(payload.buffer, payload)
    bytes(new DataView(payload.buffer, length >> 1), payload.subarray(length >> 1))
  }
  const floats = new Float32Array(20)
  bytes(floats, new Uint8Array(80))
  return list
}

/** Sends everything to a server, with all memory filled, and gives what came there. */
async function record(filling: number, compressed: boolean, list: readonly Sending[]): Promise<RawFrame[]> {
  const frames: RawFrame[] = []
  let failed: unknown
  const server = await startRawServer(async peer => {
    await peer.accept(...(compressed ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []))
    await readAll(peer, frames).catch(error => {
      failed = error
    })
  })
  const fill = (allocate: (size: number) => Buffer) => (size: number) => allocate(size).fill(filling)
  try {
    await withProperty(Buffer, 'allocUnsafeSlow', fill(Buffer.allocUnsafeSlow), () =>
      withProperty(Buffer, 'allocUnsafe', fill(Buffer.allocUnsafe), async () => {
        const socket = new WebSocket(server.url, { perMessageDeflate: compressed ? { threshold: 0 } : false })
        await new Promise(resolve => socket.addEventListener('open', resolve))
        const closed = new Promise(resolve => socket.addEventListener('close', resolve))
        for (const { send } of list) send(socket)
        // A number is no length, and an array of numbers no reason's memory.
        void ping(socket, 50 as never)
        void ping(socket, new Float32Array(20))
        void ping(socket, '')
        socket.close(3000, new Float32Array(20) as never)
        await closed
      }),
    )
  } finally {
    await server.close()
  }
  if (failed !== undefined) throw failed
  return frames
}

async function readAll(peer: RawPeer, frames: RawFrame[]): Promise<void> {
  for (;;) {
    const frame = await peer.readFrame()
    frames.push(frame)
    if (frame.opcode !== CLOSE) continue
    await peer.send(CLOSE, frame.payload)
    peer.end()
    // Nothing behind the Close frame.
    const rest = await peer.readToEnd()
    if (rest.length > 0) throw new Error(`${rest.length} bytes came behind the Close frame`)
    return
  }
}

/** The payloads of messages, inflated. The window goes on from one to the next. */
function payloads(frames: readonly RawFrame[]): Buffer[] {
  let stream = Buffer.alloc(0)
  let before = 0
  return frames.map(({ rsv, payload }) => {
    if (rsv !== RSV1) return Buffer.from(payload)
    stream = Buffer.concat([stream, payload, Buffer.from([0, 0, 0xff, 0xff])])
    const all = inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH })
    const added = all.subarray(before)
    before = all.length
    // The whole stream anew for each message would be quadratic: forget what no window reaches any more.
    if (stream.length > 2_000_000) throw new Error('Too much was compressed for this check')
    return added
  })
}

async function checkMemory(): Promise<CheckResult> {
  const problems: string[] = []
  const list = sendings()
  // The window of a compressed stream is taken apart from its start each time, so a part is enough.
  const short = list.filter(({ expected }) => expected.length <= 5462)
  let compared = 0
  for (const compressed of [false, true]) {
    const sent = compressed ? short : list
    for (const filling of FILLINGS) {
      const frames = await record(filling, compressed, sent)
      const messages = payloads(frames.filter(({ opcode }) => opcode < CLOSE))
      const where = `${compressed ? 'compressed' : 'plain'}, memory filled with ${filling}`
      if (messages.length !== sent.length)
        problems.push(`${messages.length} messages of ${sent.length} came (${where})`)
      for (const [index, { expected }] of sent.entries()) {
        compared++
        if (messages[index]?.equals(expected) !== true)
          problems.push(`message ${index} is not what was sent (${where})`)
      }
      const pings = frames.filter(({ opcode }) => opcode === PING).map(({ payload }) => Buffer.from(payload))
      const expectedPings = [Buffer.from('50'), Buffer.alloc(80), Buffer.alloc(0)]
      if (!Buffer.concat(pings).equals(Buffer.concat(expectedPings)) || pings.length !== 3) {
        problems.push(`the pings are not what was sent (${where})`)
      }
      const reason = `\x0b\xb8${new Float32Array(20)}`
      if (Buffer.from(frames.at(-1)!.payload).toString('latin1') !== reason) {
        problems.push(`the Close frame is not what was sent (${where})`)
      }
    }
  }
  return { measured: `${compared} messages, each byte of them as it was sent`, problems }
}

const KEYS = 4096

async function checkMasks(): Promise<CheckResult> {
  const list: Sending[] = Array.from({ length: KEYS }, () => ({ send: s => s.send('same'), expected: utf8('same') }))
  const frames = (await record(0, false, list)).filter(({ opcode }) => opcode === TEXT)
  const keys = new Set(frames.map(({ key }) => Buffer.from(key).toString('hex')))
  const problems: string[] = []
  if (frames.some(({ masked }) => !masked)) problems.push('a frame is not masked')
  // Of 4,096 random keys of 32 bits, two are the same once in 512 times; three pairs never are.
  if (keys.size < KEYS - 2) problems.push(`only ${keys.size} keys of ${frames.length} are different`)
  // Each bit is set about half of the time: 8 standard deviations are a factor of 2 million million.
  for (let bit = 0; bit < 32; bit++) {
    const set = frames.filter(({ key }) => ((key[bit >> 3]! >> (bit & 7)) & 1) === 1).length
    if (Math.abs(set - KEYS / 2) > 8 * (Math.sqrt(KEYS) / 2)) problems.push(`bit ${bit} is set in ${set} keys`)
  }
  return { measured: `${keys.size} different keys in ${frames.length} frames`, problems }
}

export const sentByteChecks: readonly Check[] = [
  {
    name: 'uninitialised memory in a frame',
    source: 'CVE-2016-10518, CVE-2026-45736',
    bound: 'what is sent is what was written; a number is never a length',
    run: checkMemory,
  },
  {
    name: 'masking keys that can be foreseen',
    source: 'CVE-2025-10148, RFC 6455 section 10.3',
    bound: "a fresh key for each frame, from the system's generator",
    run: checkMasks,
  },
]
