import { Buffer } from 'node:buffer'
import { constants, createDeflateRaw } from 'node:zlib'
import type { Payload, Scenario } from './scenarios.ts'

/** Number of different messages of a scenario. They are sent in rotation. */
const VARIETY = 64

/** The different messages of a scenario, each `size` bytes long. */
export function messagesOf({ payload, size }: Scenario): (string | Uint8Array<ArrayBuffer>)[] {
  const variety = size > 256 * 1024 ? 2 : VARIETY
  return Array.from({ length: variety }, (_, index) => message(payload, size, index))
}

function message(payload: Payload, size: number, index: number): string | Uint8Array<ArrayBuffer> {
  switch (payload) {
    case 'text':
      return String.fromCharCode(97 + (index % 26)).repeat(size)
    case 'utf8':
      // Characters of two, three, four and one bytes, padded with ASCII.
      return 'é€𝄞a'.repeat(Math.floor(size / 10)) + 'z'.repeat(size % 10)
    case 'binary':
      return new Uint8Array(size).fill(index)
    case 'json':
      return json(size, index)
  }
}

/** A message like those of applications: JSON with the same members and other values. */
function json(size: number, index: number): string {
  let text = `{"id":${index * 7919},"type":"update","user":"user${(index * 104729) % 1000}"`
  for (let member = 0; text.length < size; member++) {
    const value = (index * 31 + member * 17) % 9973
    text += `,"field${member % 40}":${value},"name${member % 40}":"${(value * 2654435761).toString(36)}"`
  }
  return text.slice(0, size)
}

/** The payloads of `messagesOf` as they are on the wire: UTF-8, and compressed if the scenario says so. */
export async function payloadsOf(scenario: Scenario): Promise<Buffer[]> {
  const bytes = messagesOf(scenario).map(content => Buffer.from(content as string))
  return scenario.compressed ? await compress(bytes) : bytes
}

/** The first byte of the frame of an unfragmented message: FIN, RSV1 and opcode. */
export function firstByteOf({ payload, compressed }: Scenario): number {
  return 0x80 | (payload === 'binary' ? 2 : 1) | (compressed ? 0x40 : 0)
}

/** The server's frames for the messages of `messagesOf`, concatenated. */
export async function framesOf(scenario: Scenario): Promise<Buffer> {
  const fragments = scenario.fragments ?? 1
  const opcode = firstByteOf(scenario) & 0x7f
  const frames = (await payloadsOf(scenario)).flatMap(payload => {
    const step = Math.ceil(payload.length / fragments)
    return Array.from({ length: fragments }, (_, index) => {
      const first = (index === 0 ? opcode : 0) | (index === fragments - 1 ? 0x80 : 0)
      return frame(first, payload.subarray(index * step, (index + 1) * step))
    })
  })
  return Buffer.concat(frames)
}

/**
 * Compresses the messages with context takeover. The window is empty at the first message, so the sequence can be sent again
 * and again.
 */
async function compress(messages: Buffer[]): Promise<Buffer[]> {
  const compressed: Buffer[] = []
  const deflate = createDeflateRaw({ level: 6 })
  for (const one of messages) {
    const pieces: Buffer[] = []
    const collect = (piece: Buffer): void => void pieces.push(piece)
    deflate.on('data', collect)
    await new Promise<void>(resolve => {
      deflate.write(one)
      deflate.flush(constants.Z_SYNC_FLUSH, resolve)
    })
    deflate.off('data', collect)
    compressed.push(Buffer.concat(pieces).subarray(0, -4))
  }
  deflate.close()
  return compressed
}

/** An unmasked frame. `first` is its first byte. */
export function frame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const header =
    length < 126
      ? Buffer.from([first, length])
      : length < 0x10000
        ? Buffer.from([first, 126, length >>> 8, length & 0xff])
        : Buffer.from([first, 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map(shift => (length >>> shift) & 0xff)])
  return Buffer.concat([header, payload])
}

/** Whether a received message, as a string or as bytes, equals the expected one. */
export function isSame(message: unknown, expected: string | Uint8Array | undefined): boolean {
  if (typeof expected === 'string') return message === expected
  if (typeof message === 'string' || expected === undefined) return false
  const bytes = message instanceof ArrayBuffer ? Buffer.from(message) : (message as Uint8Array)
  return Buffer.compare(bytes, expected) === 0
}
