import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import type { InflateParameters } from '#lib/codec/compression.js'
import type { ReadLimits } from '#lib/codec/frame-reader.js'
import { compress } from '../support/compress.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { codePoint } from './code-point.ts'
import { type Damage, damage, damaged } from './damage.ts'

/*
 * What a server may send, from honest to hostile: frames that are built from meaningful parts and then, some of them,
 * damaged. Noise alone would hardly ever get past its second byte.
 */

/** Bytes of a server, and what was agreed on before. */
export interface ServerStream {
  readonly bytes: Buffer
  readonly deflate: InflateParameters | undefined
}

/** How a stream is cut: pieces of these sizes, over and over. */
export type Cuts = readonly number[]

/** In one piece. */
export const WHOLE: Cuts = [Number.MAX_SAFE_INTEGER]

/** What a reader may be told to refuse; mostly nothing. */
export const limits: Arbitrary<ReadLimits> = record({
  maxPayload: constantFrom(0, 0, 0, 100, 2000),
  maxFragments: constantFrom(0, 0, 3),
})

const RSV1 = 4

export const cuts: Arbitrary<Cuts> = oneof(
  constant([1]),
  array(integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
  array(integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 }),
)

/** The pieces of `bytes`. */
export function cut(bytes: Uint8Array, sizes: Cuts): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** Texts of all kinds of characters, a few of them long enough for another form of the length. */
export const text: Arbitrary<Buffer> = oneof(
  { weight: 4, arbitrary: string({ unit: codePoint, maxLength: 24 }) },
  { weight: 2, arbitrary: string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: integer({ min: 120, max: 130 }).map(length => 'x'.repeat(length)) },
  { weight: 1, arbitrary: integer({ min: 40, max: 45 }).map(length => '\u20ac'.repeat(length)) },
).map(value => Buffer.from(value))

const anyBytes: Arbitrary<Uint8Array> = oneof(
  { weight: 40, arbitrary: uint8Array({ maxLength: 40 }) },
  { weight: 6, arbitrary: integer({ min: 120, max: 130 }).map(length => new Uint8Array(length).fill(length)) },
  // Rarely: a byte at a time they take long.
  { weight: 1, arbitrary: constantFrom(65_535, 65_536).map(length => new Uint8Array(length).fill(7)) },
)

/** UTF-8 that goes wrong somewhere. */
export const illFormed: Arbitrary<Uint8Array> = tuple(
  text,
  constantFrom('80', 'c0af', 'c1', 'e0809f', 'eda080', 'f08080af', 'f4908080', 'f5', 'ff', 'e282', 'f09f98'),
  text,
).map(([before, wrong, after]) => Buffer.concat([before, Buffer.from(wrong, 'hex'), after]))

/** A part of a stream; it is put into bytes with the deflater of the stream. */
type Part = (deflater: StreamDeflater) => Buffer

const controlFrame: Arbitrary<Buffer> = tuple(constantFrom(PING, PONG), uint8Array({ maxLength: 125 })).map(
  ([opcode, payload]) => frame(opcode, payload),
)

const closeFrame: Arbitrary<Buffer> = oneof(
  tuple(oneof(integer({ min: 990, max: 1020 }), integer({ min: 2990, max: 5010 }), nat(65_535)), text).map(
    ([code, reason]) => frame(CLOSE, closeBody(code, reason.subarray(0, 123))),
  ),
  uint8Array({ maxLength: 3 }).map(body => frame(CLOSE, body)),
  illFormed.map(reason => frame(CLOSE, closeBody(1000, reason.subarray(0, 123)))),
)

const message: Arbitrary<Part> = record({
  content: oneof(
    { weight: 4, arbitrary: text.map(bytes => [TEXT, bytes] as const) },
    { weight: 4, arbitrary: anyBytes.map(bytes => [BINARY, bytes] as const) },
    { weight: 1, arbitrary: illFormed.map(bytes => [TEXT, bytes] as const) },
  ),
  compressed: boolean(),
  pieces: oneof(constant([]), array(nat(30), { maxLength: 5 })),
  between: option(controlFrame, { freq: 4 }),
}).map(({ content: [opcode, payload], compressed, pieces, between }) => deflater => {
  const isCompressed = compressed && deflater.agreed
  const body = isCompressed ? deflater.deflate(payload) : Buffer.from(payload)
  const frames: Buffer[] = []
  let at = 0
  for (const [index, size] of [...pieces, body.length].entries()) {
    const fin = index === pieces.length
    const rsv = isCompressed && index === 0 ? RSV1 : 0
    frames.push(
      frame(index === 0 ? opcode : CONTINUATION, body.subarray(at, fin ? undefined : at + size), { fin, rsv }),
    )
    if (!fin && between !== null) frames.push(between)
    at += size
  }
  return Buffer.concat(frames)
})

/** A frame of which anything may be wrong. */
const oddFrame: Arbitrary<Buffer> = record({
  opcode: nat(15),
  fin: boolean(),
  rsv: oneof(constant(0), nat(7)),
  masked: option(uint8Array({ minLength: 4, maxLength: 4 }), { freq: 5 }),
  payload: uint8Array({ maxLength: 20 }),
  length: option(
    oneof(
      nat(300).map(BigInt),
      constantFrom(125n, 126n, 65_535n, 65_536n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n),
    ),
    { freq: 4 },
  ),
  lengthBits: constantFrom(7 as const, 16 as const, 64 as const),
}).map(({ opcode, fin, rsv, masked, payload, length, lengthBits }) => {
  const announced = length ?? BigInt(payload.length)
  const fits = lengthBits === 64 || announced < (lengthBits === 16 ? 65_536n : 126n)
  return frame(opcode, payload, {
    fin,
    rsv,
    length: announced,
    lengthBits: fits ? lengthBits : 64,
    ...(masked === null ? {} : { mask: masked }),
  })
})

const always =
  (bytes: Uint8Array): Part =>
  () =>
    Buffer.from(bytes)

const part: Arbitrary<Part> = oneof(
  { weight: 12, arbitrary: message },
  { weight: 4, arbitrary: controlFrame.map(always) },
  { weight: 1, arbitrary: closeFrame.map(always) },
  { weight: 2, arbitrary: oddFrame.map(always) },
  { weight: 1, arbitrary: uint8Array({ maxLength: 12 }).map(always) },
)

const damages: Arbitrary<readonly Damage[]> = oneof(
  { weight: 3, arbitrary: constant([]) },
  { weight: 2, arbitrary: array(damage(nat(255)), { minLength: 1, maxLength: 3 }) },
)

const agreement: Arbitrary<InflateParameters> = record({
  serverNoContextTakeover: boolean(),
  serverMaxWindowBits: constantFrom(15, 15, 12, 9),
})

function stream(deflate: Arbitrary<InflateParameters | undefined>): Arbitrary<ServerStream> {
  return tuple(deflate, array(part, { maxLength: 8 }), damages).map(([agreed, parts, harms]) => {
    const deflater = new StreamDeflater(agreed)
    const whole = Buffer.concat(parts.map(toBytes => toBytes(deflater)))
    return { bytes: damaged(whole, harms), deflate: agreed }
  })
}

/** Without an extension. */
export const plainStream: Arbitrary<ServerStream> = stream(constant(undefined))

/** With permessage-deflate, or without. */
export const anyStream: Arbitrary<ServerStream> = stream(
  oneof({ weight: 1, arbitrary: constant(undefined) }, { weight: 2, arbitrary: agreement }),
)

/** Compresses as it was agreed on: each message knows what came before it, or not. */
class StreamDeflater {
  readonly #agreed: InflateParameters | undefined
  #window = Buffer.alloc(0)

  constructor(agreed: InflateParameters | undefined) {
    this.#agreed = agreed
  }

  get agreed(): boolean {
    return this.#agreed !== undefined
  }

  deflate(payload: Uint8Array): Buffer {
    const { serverNoContextTakeover, serverMaxWindowBits } = this.#agreed!
    const dictionary = this.#window.length > 0 ? { dictionary: this.#window } : {}
    const options = { windowBits: serverMaxWindowBits, ...dictionary }
    const compressed = compress(payload, options)
    if (!serverNoContextTakeover) {
      const seen = Buffer.concat([this.#window, payload])
      this.#window = seen.subarray(Math.max(0, seen.length - 2 ** serverMaxWindowBits))
    }
    return compressed
  }
}
