import { existsSync } from 'node:fs'
import { corpusFile, readCorpus } from '../../spec-tests/fuzz/corpus.ts'
import { expectTheSameBody, expectTheSameHead } from '../../spec-tests/fuzz/response-heads.ts'
import {
  expectTheSameEitherWay,
  expectTheSameHeldUp,
  expectTheSameHoweverCut,
} from '../../spec-tests/fuzz/server-bytes.ts'
import type { Cuts, ServerStream } from '../../spec-tests/fuzz/server-stream.ts'
import { expectTheSameAsWs } from '../../spec-tests/fuzz/ws-differential.ts'

/*
 * The properties of spec-tests/fuzz as functions of bytes, which the guided fuzzer calls by their names. What is not the stream itself
 * is in the bytes before it, so that a change of one byte changes one thing.
 */

/** The bytes before the stream, or before the response. */
const HEADER = 4
const ALONE = 2
const WINDOWS: readonly number[] = [15, 12, 9, 8]
const PAUSES = ['go on', 'pause', 'resume', 'resume'] as const

/** The reader: bytes 0 for the agreement, 1 for the limits, 2 and 3 for the sizes of the pieces. */
export async function frames(data: Uint8Array): Promise<void> {
  if (data.length < HEADER) return
  const stream = streamOf(data)
  const limits = limitsOf(data)
  expectTheSameHoweverCut(stream, sizesOf(data), limits)
  expectTheSameEitherWay(stream, sizesOf(data), limits)
  await expectTheSameAsWs(stream)
}

/** A connection: byte 0 says when it is paused and resumed; the others are those of `frames`. */
export function connection(data: Uint8Array): void {
  if (data.length < HEADER) return
  const pauses = [0, 2, 4, 6].map(shift => PAUSES[(data[0]! >> shift) & 3]!)
  expectTheSameHeldUp({ bytes: bytesOf(data), deflate: undefined }, sizesOf(data), limitsOf(data), pauses)
}

/** The head of a response: bytes 2 and 3 for the sizes of the pieces. */
export function head(data: Uint8Array): void {
  if (data.length >= HEADER) expectTheSameHead(bytesOf(data), sizesOf(data))
}

/** The body of a refusal: byte 0 says how its length is known, byte 1 is that length; the others are those of `head`. */
export function body(data: Uint8Array): void {
  if (data.length < HEADER) return
  const fields = [['transfer-encoding', 'chunked'] as const, ['content-length', String(data[1])] as const]
  const response = { status: 403, statusText: '', headers: fields.slice(data[0]! & 1, data[0]! & 2 ? 1 : 2) }
  expectTheSameBody(bytesOf(data), sizesOf(data), response)
}

/** The functions above by their names. */
export const targets: Readonly<Record<string, (data: Uint8Array) => Promise<void> | void>> = {
  frames,
  connection,
  head,
  body,
}

/** What the fuzzer of a target begins with. */
export function seedsOf(target: string): Uint8Array[] {
  switch (target) {
    case 'frames':
      return corpus().map(({ bytes, deflate }) => withHeader(bytes, agreementByte(deflate)))
    case 'connection':
      return corpus().flatMap(({ bytes, deflate }) => (deflate === undefined ? [withHeader(bytes, 0b01_10_00_01)] : []))
    case 'head':
      return HEADS.map(text => withHeader(Buffer.from(text, 'latin1'), 0))
    default:
      return BODIES.map(text => withHeader(Buffer.from(text, 'latin1'), 0))
  }
}

const HEADS = [
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a=\r\n\r\nrest',
  'HTTP/1.1 100 Continue\r\nLink: a\r\n\r\nHTTP/1.0 403\nFolded: a\n b\nContent-Length: 3\n\nno!',
  'HTTP/1.1 404 Not \xe9\r\nX:\t1 \r\n\r\n',
]
const BODIES = ['3\r\nabc\r\n0\r\n\r\n', 'A;x=y \r\n0123456789\r\n00\r\nTrailer: 1\r\n\r\n', 'plain text']

function corpus(): ServerStream[] {
  return existsSync(corpusFile) ? readCorpus() : []
}

function withHeader(bytes: Uint8Array, first: number): Uint8Array {
  return Buffer.concat([Buffer.of(first, 0, 0, 0x35), bytes])
}

function agreementByte(deflate: ServerStream['deflate']): number {
  if (deflate === undefined) return 0
  const window = WINDOWS.indexOf(deflate.serverMaxWindowBits)
  return 1 | (deflate.serverNoContextTakeover ? ALONE : 0) | (window << 2)
}

function streamOf(data: Uint8Array): ServerStream {
  const first = data[0]!
  const bytes = bytesOf(data)
  if ((first & 1) === 0) return { bytes, deflate: undefined }
  const serverMaxWindowBits = WINDOWS[(first >> 2) & 3]!
  return { bytes, deflate: { serverNoContextTakeover: (first & ALONE) !== 0, serverMaxWindowBits } }
}

/** A copy, since the fuzzer may use its memory again. */
function bytesOf(data: Uint8Array): Buffer {
  return Buffer.from(data.subarray(HEADER))
}

function sizesOf(data: Uint8Array): Cuts {
  return [data[2]! + 1, (data[3]! & 15) + 1, (data[3]! >> 4) + 1]
}

function limitsOf(data: Uint8Array): { readonly maxPayload: number; readonly maxFragments: number } {
  return { maxPayload: [0, 0, 100, 2000][data[1]! & 3]!, maxFragments: [0, 3][(data[1]! >> 2) & 1]! }
}
