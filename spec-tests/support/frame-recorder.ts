import { createHash } from 'node:crypto'
import { type FrameHandler, FrameReader, type ReadLimits } from '#lib/codec/frame-reader.js'
import type { Platform } from '#lib/codec/platform.js'
import { nodePlatform } from '#lib/platform/node.js'
import { webPlatform } from '#lib/platform/web.js'

/** Every platform that the codec is tested with, by name. */
export const platforms: ReadonlyArray<readonly [name: string, platform: Platform]> = [
  ['node', nodePlatform],
  ['web', webPlatform],
]

export const NO_LIMITS: ReadLimits = { maxPayload: 0, maxFragments: 0 }

/** Writes down what is received, one line each: `text hello`, `binary 00ff`, `pong 01ff`. */
export class MessageRecorder {
  readonly events: string[] = []

  onText(data: string): void {
    this.events.push(`text ${short(data)}`)
  }

  onBinary(data: ArrayBuffer): void {
    this.events.push(`binary ${short(hex(new Uint8Array(data)))}`)
  }

  onPong(payload: Uint8Array): void {
    this.events.push(`pong ${hex(payload)}`)
  }
}

/** Writes down all that a `FrameReader` reads; also `ping 01ff`, `close 03e8`, `violation 1002 WS_ERR_...`. */
export class FrameRecorder extends MessageRecorder implements FrameHandler {
  onPing(payload: Uint8Array): void {
    this.events.push(`ping ${hex(payload)}`)
  }

  onYield(): void {}

  onClose(payload: Uint8Array): void {
    this.events.push(`close ${hex(payload)}`)
  }

  onViolation(closeCode: number, code: string): void {
    this.events.push(`violation ${closeCode} ${code}`)
  }
}

/**
 * What a reader makes of these chunks. Each stands in memory with other bytes around it, as in a socket's buffer, and is
 * overwritten after the call: who kept a view of it gets caught.
 */
export function readFrames(
  chunks: readonly Uint8Array[],
  platform: Platform = nodePlatform,
  limits: ReadLimits = NO_LIMITS,
): string[] {
  const recorder = new FrameRecorder()
  const reader = new FrameReader(platform, recorder, limits)
  for (const chunk of chunks) {
    lend(chunk, bytes => reader.read(bytes))
    // In later turns of the event loop.
    while (reader.paused) reader.resume()
  }
  return recorder.events
}

/**
 * Where short chunks are lent, one behind the other, and from the start again at the end: to make memory for each takes most of the time
 * of a stream that is cut to single bytes.
 */
const lent = new Uint8Array(65_536).fill(0x5a)
const SHORT = 1024
/** What stands before and behind a chunk. */
const [BEFORE, BEHIND] = [11, 13]
let next = 0

/** Calls back with a copy that is good only for the call. */
export function lend(chunk: Uint8Array, use: (bytes: Uint8Array) => void): void {
  const taken = BEFORE + chunk.length + BEHIND
  const memory = chunk.length <= SHORT ? lent : new Uint8Array(taken).fill(0xa5)
  let start = BEFORE
  if (memory === lent) {
    if (next + taken > lent.length) next = 0
    start += next
    next += taken
  }
  memory.set(chunk, start)
  use(new Uint8Array(memory.buffer, start, chunk.length))
  memory.fill(0x5a, start, start + chunk.length)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Long values by their length and hash, so that a failure can be read. */
export function short(value: string): string {
  if (value.length <= 256) return value
  return `${value.length} units, sha1 ${createHash('sha1').update(value, 'utf16le').digest('hex')}`
}
