import { Buffer } from 'node:buffer'
import { createBlob } from '../idl/blob.ts'
import type { RawData } from './events.ts'

/** The type in which binary messages are given out. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'

/**
 * Converts a binary message.
 *
 * @param ends where its frames have ended, but for the last
 */
export function convertBinary(data: ArrayBuffer, ends: readonly number[], type: BinaryType): RawData {
  switch (type) {
    case 'arraybuffer':
      return data
    case 'blob':
      return createBlob([new Uint8Array(data)]) as RawData
    case 'fragments': {
      const starts = [0, ...ends]
      const pieces = starts.map((start, index) => Buffer.from(data, start, (ends[index] ?? data.byteLength) - start))
      return pieces.filter(piece => piece.length > 0)
    }
    default:
      return Buffer.from(data)
  }
}
