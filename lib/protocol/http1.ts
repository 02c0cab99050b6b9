import { GrowingBuffer } from '../codec/growing-buffer.ts'
import type { HeaderList, ResponseHead, UpgradeRequest } from '../transport/pipe.ts'
import { ConnectionError } from './errors.ts'
import { encodeLatin1, getAll, isToken, isWhitespace, listMembers, trimWhitespace } from './header-values.ts'

export { GrowingBuffer }

/** The first bytes of every response head. */
const PROTOCOL = 'HTTP/1.'
/** The largest response head in bytes, with the interim responses before it. */
const MAX_HEAD = 64 * 1024
/** The most that is kept of a refusal's body, and taken of interim responses over HTTP/2, in bytes. */
export const MAX_BODY: number = 64 * 1024

const LF = 0x0a
const LF_LF = 0x0a0a
const LF_CR_LF = 0x0a0d0a

const NO_STATUS_LINE = 'it does not begin with a status line of HTTP/1'

/** The error of a response head that is too large, or of too many interim responses. */
export function headTooLarge(): ConnectionError {
  return new ConnectionError('WS_ERR_RESPONSE_TOO_LARGE', `The response head exceeds ${MAX_HEAD} bytes`)
}

/** Serializes a request without a body (RFC 9112 section 3). Its values must have been checked. */
export function writeRequest(request: UpgradeRequest, method = 'GET'): Uint8Array {
  const fields = request.headers.map(field => `${field[0]}: ${field[1]}\r\n`)
  return encodeLatin1(`${method} ${request.target} HTTP/1.1\r\n${fields.join('')}\r\n`)
}

/**
 * Reads the head of the final response, in chunks that may be cut anywhere. Interim responses (1xx other than 101) before it
 * are skipped (RFC 9110 section 15.2). It keeps at most 64 KiB, and its time is linear in the bytes, however they are cut.
 */
export class ResponseHeadReader {
  /** The bytes of an incomplete head, from earlier chunks. */
  readonly #kept = new GrowingBuffer()
  /** The last four bytes, as one number. */
  #lastBytes = 0
  /** Bytes of the interim responses so far. */
  #interim = 0
  /** Once the head is complete: how many bytes of the last chunk it has taken. */
  consumed = 0

  /** Returns the head once it is complete, an error if it is ill-formed, or undefined while more bytes are needed. */
  read(chunk: Uint8Array): ResponseHead | ConnectionError | undefined {
    let begin = 0
    for (;;) {
      const end = this.#findEnd(chunk, begin)
      if (end instanceof ConnectionError) return end
      const taken = (end < 0 ? chunk.length : end) - begin
      if (this.#interim + this.#kept.length + taken > MAX_HEAD) {
        return headTooLarge()
      }
      if (end < 0) {
        this.#kept.append(chunk.subarray(begin))
        return undefined
      }
      let bytes = chunk.subarray(begin, end)
      if (this.#kept.length > 0) {
        this.#kept.append(bytes)
        bytes = this.#kept.content
      }
      const head = parseHead(decodeLatin1(bytes))
      if (head instanceof ConnectionError || head.status >= 200 || head.status === 101) {
        this.consumed = end
        return head
      }
      this.#interim += bytes.length
      this.#kept.length = 0
      begin = end
    }
  }

  /**
   * Returns the index after the empty line that ends the head, -1 if that has not arrived, or an error.
   *
   * A line ends in LF, and a CR before it is ignored, as RFC 9112 section 2.2 allows. Bytes of another protocol are refused
   * at once, since its server may wait for us.
   */
  #findEnd(chunk: Uint8Array, begin: number): number | ConnectionError {
    for (let index = begin; index < chunk.length; index++) {
      const byte = chunk[index]!
      const at = this.#kept.length + index - begin
      if (at < PROTOCOL.length && byte !== PROTOCOL.charCodeAt(at)) return invalid(NO_STATUS_LINE)
      this.#lastBytes = (this.#lastBytes << 8) | byte
      if ((this.#lastBytes & 0xffff) === LF_LF || (this.#lastBytes & 0xffffff) === LF_CR_LF) return index + 1
    }
    return -1
  }
}

/** Reads up to 64 KiB of a response's body, whose length follows RFC 9112 section 6.3. */
export class ResponseBodyReader {
  readonly #chunked: boolean
  readonly #body = new GrowingBuffer()
  /** Bytes that are still to come of the body or, in the chunked coding, of the current chunk. */
  #remaining: number
  /** Chunked coding: the line that is being read, as far as it has arrived. Undefined while a chunk's data is read. */
  #line: string | undefined

  constructor(head: ResponseHead) {
    this.#chunked = listMembers(head.headers, 'transfer-encoding').at(-1)?.toLowerCase() === 'chunked'
    this.#line = this.#chunked ? '' : undefined
    const length = getAll(head.headers, 'content-length')[0]
    if (this.#chunked || head.status === 204 || head.status === 304) this.#remaining = 0
    else this.#remaining = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY
  }

  /** The bytes that were read so far. */
  get body(): Uint8Array {
    return this.#body.content.slice()
  }

  /** Returns true once the body is complete, or 64 KiB of it were read. */
  read(chunk: Uint8Array): boolean {
    let position = 0
    while (position < chunk.length && !this.#full) {
      if (this.#line !== undefined) {
        const byte = chunk[position++]!
        if (byte !== LF) {
          this.#line += String.fromCharCode(byte)
          if (this.#line.length > 1024) return true
        } else if (!this.#endLine(this.#line)) return true
        continue
      }
      const take = Math.min(this.#remaining, chunk.length - position, MAX_BODY - this.#body.length)
      this.#body.append(chunk.subarray(position, position + take))
      position += take
      this.#remaining -= take
      if (this.#remaining === 0) {
        if (!this.#chunked) return true
        this.#line = ''
      }
    }
    return this.#full || (!this.#chunked && this.#remaining === 0)
  }

  get #full(): boolean {
    return this.#body.length >= MAX_BODY
  }

  /** Handles a line of the chunked coding (RFC 9112 section 7.1). Returns false for the last one, or an ill-formed one. */
  #endLine(line: string): boolean {
    this.#line = ''
    // The line break after a chunk's data.
    if (line === '\r' && this.#body.length > 0) return true
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r$/.exec(line)
    if (size === null) return false
    this.#remaining = Number.parseInt(size[1]!, 16)
    if (this.#remaining === 0) return false
    this.#line = undefined
    return true
  }
}

/**
 * Parses the status line and the fields of RFC 9112 sections 4 and 5. Any minor version of HTTP/1 is taken: RFC 9110
 * section 2.5 has a recipient process a higher one as its own, and servers switch protocols with HTTP/1.0, too.
 *
 * @param text the head with the empty line that ends it
 */
function parseHead(text: string): ResponseHead | ConnectionError {
  // Not by a regular expression, which takes several times as long (bench: connect and close).
  const lines = text.split('\n').map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const statusLine = /^HTTP\/1\.\d ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(lines[0]!)
  if (statusLine === null) return invalid(NO_STATUS_LINE)
  const headers: [string, string][] = []
  // The last two are the bytes before and behind the LF of the empty line.
  for (let index = 1; index < lines.length - 2; index++) {
    const line = lines[index]!
    // RFC 9112 section 5.2: a line that begins with a space or a tab continues the value of the line before.
    const folded = isWhitespace(line, 0) ? headers.at(-1) : undefined
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = trimWhitespace(folded === undefined ? line.slice(colon + 1) : line)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
    if ((folded === undefined && !isToken(name)) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
      return invalid('a header field is ill-formed')
    }
    if (folded === undefined) headers.push([name.toLowerCase(), value])
    else if (value !== '') folded[1] += folded[1] === '' ? value : ` ${value}`
  }
  return { status: Number(statusLine[1]), statusText: statusLine[2] ?? '', headers: headers satisfies HeaderList }
}

function invalid(detail: string): ConnectionError {
  return new ConnectionError('WS_ERR_INVALID_RESPONSE', `The response is not HTTP: ${detail}`)
}

function decodeLatin1(bytes: Uint8Array): string {
  let text = ''
  // In pieces, since a host limits the number of arguments. Not by a spread, which would use the array's iterator.
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode.apply(undefined, bytes.subarray(start, start + 4096) as unknown as number[])
  }
  return text
}
