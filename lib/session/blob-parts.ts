import { host } from '../host/host.ts'
import { createBlob } from '../idl/blob.ts'

/**
 * The Blob of a large message is made in parts of 1 MiB, each of them in a task: the host copies bytes into a Blob, which would
 * stop the event loop for some 100 ms for 128 MiB at once.
 */
const PART_SIZE = 1024 * 1024

/** The number of tasks that precede the message's; 0 where the Blob is made at once. */
export function countBlobParts({ byteLength }: ArrayBuffer): number {
  return host.joinsBlobs && byteLength > PART_SIZE ? Math.ceil(byteLength / PART_SIZE) : 0
}

/** Makes the next part of a message's Blob. */
export function addBlobPart(parts: object[], data: ArrayBuffer): void {
  const start = parts.length * PART_SIZE
  parts.push(createBlob([new Uint8Array(data, start, Math.min(PART_SIZE, data.byteLength - start))]))
}

/** The Blob of a message. Its `parts` are used if they are complete: the host may have had no memory for one. */
export function blobOf(data: ArrayBuffer, parts: readonly object[] = []): object {
  // Of a view, since the Blob of happy-dom in a vm context (Vitest's vmThreads) takes an ArrayBuffer of the context for text.
  return createBlob(parts.length * PART_SIZE < data.byteLength ? [new Uint8Array(data)] : parts)
}
