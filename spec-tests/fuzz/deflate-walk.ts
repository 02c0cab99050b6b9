import { constants, inflateRawSync } from 'node:zlib'
import type { InflateParameters } from '#lib/codec/compression.js'
import type { WalkedMessage } from './frame-walk.ts'

/** What there is to know about the compressed messages of a stream, found out with zlib alone. */
export interface DeflateFacts {
  /** A DEFLATE stream ends in one of them, by a block with BFINAL set. */
  readonly hasStreamEnd: boolean
  /**
   * One of them does not end where a block does, as RFC 7692 section 7.2.1 wants it. It looks like a message to any
   * receiver; what comes of the next one depends on whether the receiver reads on within that block.
   */
  readonly endsWithinBlock: boolean
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff])
/** A stored block of one byte. It gives just this byte only where a block may begin. */
const PROBE = Buffer.from([0, 1, 0, 0xfe, 0xff, 0x5a])
const NOTHING = Buffer.alloc(0)

export function factsOf(messages: readonly WalkedMessage[], deflate: InflateParameters): DeflateFacts {
  let window = NOTHING
  let hasStreamEnd = false
  try {
    for (const { isCompressed, isWhole, payload } of messages) {
      if (!isCompressed || !isWhole) continue
      let input = Buffer.concat([payload, TAIL])
      for (;;) {
        const { output, used } = inflate(input, window)
        if (used === input.length) {
          const end = inspectEnd(input, window, output)
          if (end === 'within a block') return { hasStreamEnd, endsWithinBlock: true }
          if (end === 'stream end') hasStreamEnd = true
          window = end === 'stream end' ? NOTHING : slide(window, output)
          break
        }
        hasStreamEnd = true
        window = NOTHING
        input = input.subarray(used)
        // What the sender has left out belongs to no stream.
        if (input.equals(TAIL)) break
      }
      if (deflate.serverNoContextTakeover) window = NOTHING
    }
  } catch {
    // It is no DEFLATE from here on.
  }
  return { hasStreamEnd, endsWithinBlock: false }
}

function inspectEnd(input: Buffer, window: Buffer, output: Buffer): 'block end' | 'stream end' | 'within a block' {
  try {
    const more = inflate(Buffer.concat([input, PROBE]), window)
    if (more.used === input.length) return 'stream end'
    return more.output.equals(Buffer.concat([output, PROBE.subarray(-1)])) ? 'block end' : 'within a block'
  } catch {
    return 'within a block'
  }
}

function inflate(input: Buffer, window: Buffer): { output: Buffer; used: number } {
  const { buffer, engine } = inflateRawSync(input, {
    finishFlush: constants.Z_SYNC_FLUSH,
    info: true,
    ...(window.length > 0 ? { dictionary: window } : {}),
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
  return { output: buffer, used: engine.bytesWritten }
}

function slide(window: Buffer, output: Buffer): Buffer<ArrayBuffer> {
  const seen = Buffer.concat([window, output])
  return seen.subarray(Math.max(0, seen.length - 32_768))
}
