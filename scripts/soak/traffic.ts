import { randomBytes } from 'node:crypto'

/** A text message that asks the server for a Close frame with this code. */
export const CLOSE_REQUEST = 'close this connection'
export const CLOSE_REQUEST_CODE = 4001

export type Message = string | Uint8Array

export function random(limit: number): number {
  return Math.floor(Math.random() * limit)
}

/** Messages take their noise out of these bytes: a window of compression, of 32 KiB, hardly ever has the same ones twice. */
const NOISE = randomBytes(4_000_000)

/** A random message: mostly small, text or bytes, half of it what compresses well. */
export function randomMessage(): Message {
  const size = random(20) === 0 ? random(200_000) : random(2_000)
  const from = random(NOISE.length - size)
  const noise = NOISE.subarray(from, from + (size >> 1))
  return random(2) === 0 ? noise.toString('hex') : Buffer.concat([noise, Buffer.alloc(size >> 1, size)])
}

/** Whether both are of one kind and of the same characters or bytes. */
export function areEqual(one: Message, other: Message): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return Buffer.compare(one, other) === 0
}
