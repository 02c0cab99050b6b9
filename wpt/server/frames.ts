import type { ByteReader } from './byte-reader.ts'

/** RFC 6455 section 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface Frame {
  readonly final: boolean
  readonly compressed: boolean
  readonly opcode: number
  readonly payload: Buffer
}

/** The client broke the protocol: close with `code`. */
export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure'
  readonly code: number

  constructor(message: string, code = 1002) {
    super(message)
    this.code = code
  }
}

/** A frame as a server sends it: not masked. */
export function encodeFrame(opcode: number, payload: Buffer, compressed = false): Buffer {
  const extended = payload.length < 126 ? 0 : payload.length < 0x10000 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = 0x80 | (compressed ? 0x40 : 0) | opcode
  head[1] = extended === 0 ? payload.length : extended === 2 ? 126 : 127
  if (extended === 2) head.writeUInt16BE(payload.length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

/** The next frame of a client. @throws {ProtocolFailure} @throws {ConnectionLost} */
export async function readFrame(reader: ByteReader): Promise<Frame> {
  const [first, second] = (await reader.read(2)) as unknown as [number, number]
  // RFC 6455 section 5.1: a client masks all its frames.
  if ((second & 0x80) === 0) throw new ProtocolFailure('a frame without a mask')
  if ((first & 0x30) !== 0) throw new ProtocolFailure('RSV2 or RSV3 is set')
  const opcode = first & 0x0f
  const final = (first & 0x80) !== 0
  let length = second & 0x7f
  if (opcode >= 8 && (length > 125 || !final)) throw new ProtocolFailure('a control frame too long or in fragments')
  if (length === 126) length = (await reader.read(2)).readUInt16BE()
  else if (length === 127) length = Number((await reader.read(8)).readBigUInt64BE())
  if (length > maximumPayload) throw new ProtocolFailure('a payload larger than any test sends', 1009)
  const mask = await reader.read(4)
  const payload = await reader.read(length)
  for (let index = 0; index < length; index++) payload[index] = payload[index]! ^ mask[index & 3]!
  return { final, compressed: (first & 0x40) !== 0, opcode, payload }
}

/** Upstream's largest message is 20 MiB; the limit keeps a runaway client from taking the memory of the machine. */
const maximumPayload = 256 * 1024 * 1024
