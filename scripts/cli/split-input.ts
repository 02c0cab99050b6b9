import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Message } from './exchange-record.ts'

export interface SplitOptions {
  /** Messages are bytes. Without `null` the whole input is one message. */
  readonly binary: boolean
  /** Messages end with NUL. */
  readonly null: boolean
}

const LF = 0x0a
const CR = 0x0d

/**
 * The messages of an input: its lines, without their ends (LF or CRLF). The last one needs no end.
 *
 * @throws TypeError for text that is not UTF-8
 */
export async function* splitInput(input: Readable, options: SplitOptions): AsyncGenerator<Message> {
  const separator = options.null ? 0 : options.binary ? undefined : LF
  let pieces: Buffer[] = []
  for await (const chunk of input) {
    let rest = Buffer.from(chunk as Uint8Array)
    for (;;) {
      const end = separator === undefined ? -1 : rest.indexOf(separator)
      if (end < 0) break
      pieces.push(rest.subarray(0, end))
      yield convert(Buffer.concat(pieces), options)
      pieces = []
      rest = rest.subarray(end + 1)
    }
    if (rest.length > 0) pieces.push(rest)
  }
  if (pieces.length > 0) yield convert(Buffer.concat(pieces), options)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function convert(bytes: Buffer, options: SplitOptions): Message {
  if (options.binary) return Uint8Array.from(bytes)
  const line = !options.null && bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes
  try {
    return decoder.decode(line)
  } catch {
    throw new TypeError('a line is not UTF-8; --binary sends bytes')
  }
}
