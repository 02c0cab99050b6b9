import process from 'node:process'
import { constants, deflateRawSync } from 'node:zlib'
import type { Deflater } from '#lib/codec/compression.js'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { FrameWriter } from '#lib/codec/frame-writer.js'
import { nodePlatform } from '#lib/platform/node.js'
import { nativeCompression } from '#lib/platform/node-zlib.js'

const KIB = 1024
const SIZES = [16, 32, 64, 128, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, KIB * KIB]
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

/** Rounds per measurement. The fastest counts, because other load on the machine only adds time. */
const ROUNDS = 7
/** Shortest round that counts, in microseconds of CPU time. A shorter one is repeated with twice the calls. */
const ROUND = 15_000

/** Messages like those of a price feed: JSON with the same members and other values. */
function messages(size: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    let text = ''
    for (let line = index * 31; text.length < size; line = (line * 1103515245 + 12345) & 0x7fffffff) {
      text += `{"id":${line % 9973},"bid":${(line % 100_003) / 100},"ask":${(line % 99_991) / 100},"at":${1_700_000_000 + line}},`
    }
    return Buffer.from(text.slice(0, size))
  })
}

/** Microseconds of CPU time per call of `run`. */
function timeOf(run: (index: number) => void): number {
  let best = Number.POSITIVE_INFINITY
  let calls = 1
  for (let round = 0; round < ROUNDS; ) {
    const before = process.cpuUsage()
    for (let index = 0; index < calls; index++) run(index)
    const { user, system } = process.cpuUsage(before)
    if (user + system < ROUND) calls *= 2
    else {
      best = Math.min(best, (user + system) / calls)
      round++
    }
  }
  return best
}

function deflater(level: number): Deflater {
  return nativeCompression.createDeflater({ windowBits: 15, level, memLevel: 8 })
}

/** Average compressed size in bytes of the second half of the messages, when the window is filled by the first half. */
function compressedSize(level: number, list: readonly Buffer[]): number {
  const one = deflater(level)
  let sum = 0
  for (const [index, message] of list.entries()) {
    const { length } = one.deflate(message)
    if (index >= list.length / 2) sum += length
  }
  one.close()
  return sum / (list.length - Math.ceil(list.length / 2))
}

function deflateTime(level: number, list: readonly Buffer[]): number {
  const one = deflater(level)
  const time = timeOf(index => one.deflate(list[index % list.length]!))
  one.close()
  return time
}

function inflateTime(list: readonly Buffer[]): number {
  const one = deflater(1)
  const compressed = list.map(message => {
    one.reset()
    return Buffer.concat([one.deflate(message), TAIL])
  })
  one.close()
  const inflater = nativeCompression.createInflater(15, Number.POSITIVE_INFINITY)
  const output = new Uint8Array(list[0]!.length + 1)
  const time = timeOf(index => {
    const input = compressed[index % compressed.length]!
    inflater.inflate(input, 0, input.length, true, output, 0)
  })
  inflater.close()
  return time
}

/** Microseconds of wall time to compress one message on the thread pool, with no other message in flight. */
async function laterTime(list: readonly Buffer[]): Promise<number> {
  const one = deflater(1)
  let best = Number.POSITIVE_INFINITY
  for (let index = 0; index < 40; index++) {
    const before = performance.now()
    await new Promise<void>(resolve => one.deflateLater(list[index % list.length]!, () => resolve()))
    best = Math.min(best, performance.now() - before)
  }
  one.close()
  return best * 1000
}

/** Microseconds of CPU time to write an uncompressed frame: the cost that compression is compared with. */
function plainTime(list: readonly Buffer[]): number {
  const writer = new FrameWriter(nodePlatform)
  const pipe = { write: () => true }
  return timeOf(index => {
    writer.frame(2, list[index % list.length]!)
    writer.flush(pipe)
  })
}

export async function measureTimes(): Promise<string> {
  const rows = [
    '| Message | sent plain | deflated, level 1 | | level 6 | | inflated | off the loop, level 1 |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|',
  ]
  for (const size of SIZES) {
    const list = messages(size, Math.max(2, Math.min(512, Math.floor((2 * KIB * KIB) / size))))
    const cells = [
      size < KIB ? `${size} B` : `${size / KIB} KiB`,
      microseconds(plainTime(list)),
      microseconds(deflateTime(1, list)),
      part(compressedSize(1, list), size),
      microseconds(deflateTime(6, list)),
      part(compressedSize(6, list), size),
      microseconds(inflateTime(list)),
      microseconds(await laterTime(list)),
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  const { all, middle, longest } = bombTimes()
  const turns = `half of its turns take less than ${microseconds(middle)}, the longest ${microseconds(longest)}`
  rows.push('', `A read of 64 KiB that inflates to 64 MiB takes ${microseconds(all)}; ${turns}.`)
  return rows.join('\n')
}

/**
 * Microseconds of CPU time to inflate a decompression bomb that arrives in one read: in all, for the median turn of the event
 * loop, and for the longest turn.
 */
function bombTimes(): { all: number; middle: number; longest: number } {
  const handler = { onBinary() {}, onText() {}, onPing() {}, onPong() {}, onYield() {}, onClose() {}, onViolation() {} }
  const options = { level: 9, finishFlush: constants.Z_SYNC_FLUSH }
  const payload = deflateRawSync(Buffer.alloc(64 * KIB * KIB), options).subarray(0, -TAIL.length)
  const head = Buffer.from([0xc2, 126, 0, 0])
  head.writeUInt16BE(payload.length, 2)
  const frame = Buffer.concat([head, payload])
  const parameters = { serverNoContextTakeover: true, serverMaxWindowBits: 15 }
  const reader = new FrameReader(nodePlatform, handler, { maxPayload: 0, maxFragments: 0 }, parameters)
  let best = { all: Number.POSITIVE_INFINITY, middle: 0, longest: 0 }
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const turns: number[] = []
    const turn = (run: () => void): void => {
      const before = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(before)
      turns.push(user + system)
    }
    turn(() => reader.read(frame))
    while (reader.paused) turn(() => reader.resume())
    const all = turns.reduce((sum, time) => sum + time, 0)
    turns.sort((one, other) => one - other)
    if (all < best.all) best = { all, middle: turns[turns.length >> 1]!, longest: turns.at(-1)! }
  }
  return best
}

function microseconds(time: number): string {
  return time < 10 ? `${time.toFixed(1)} µs` : time < 1000 ? `${Math.round(time)} µs` : `${(time / 1000).toFixed(1)} ms`
}

function part(bytes: number, size: number): string {
  return `${Math.round((bytes / size) * 100)}%`
}
