import { createHash, randomBytes } from 'node:crypto'

/** A text message that asks the server for a Close frame with this code. */
export const CLOSE_REQUEST = 'close this connection'
export const CLOSE_REQUEST_CODE = 4001

/** A message, and what its echo has to be. */
export interface Sample {
  readonly data: string | Uint8Array
  readonly checksum: string
}

export function random(limit: number): number {
  return Math.floor(Math.random() * limit)
}

/** A random message: mostly small, text or bytes, half of it what compresses well. */
export function sample(): Sample {
  const size = random(20) === 0 ? random(200_000) : random(2_000)
  const noise = randomBytes(size >> 1)
  const data = random(2) === 0 ? noise.toString('hex') : Buffer.concat([noise, Buffer.alloc(size >> 1, size)])
  return { data, checksum: checksumOf(data) }
}

/** Of the kind and the bytes. */
export function checksumOf(data: string | Uint8Array): string {
  const kind = typeof data === 'string' ? 'text' : 'bytes'
  return createHash('sha1').update(kind).update(data).digest('base64')
}
