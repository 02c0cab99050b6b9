import type { HeaderList, ResponseHead, UpgradeRequest } from '../transport/pipe.ts'
import { ConnectionError } from './errors.ts'
import { getAll, isToken, listMembers, trimWhitespace } from './header-values.ts'

/** How each head begins. */
const PROTOCOL = 'HTTP/1.'
/** The largest response head in bytes, interim responses included. */
const MAX_HEAD = 64 * 1024
/** As much of a refused upgrade's body is kept, in bytes. */
const MAX_BODY = 64 * 1024

const CR = 0x0d
const LF = 0x0a
const EMPTY = new Uint8Array(0)

const NO_STATUS_LINE = 'its status line is not one of HTTP/1'

// What the search for the end of a head says where it has found none.
const NOT_YET = -1
const FOREIGN = -2

/** The head of the opening handshake as bytes (RFC 9112 section 3). Its values are checked already. */
export function writeRequest(request: UpgradeRequest): Uint8Array {
  let text = `GET ${request.target} HTTP/1.1\r\n`
  for (const [name, value] of request.headers) text += `${name}: ${value}\r\n`
  text += '\r\n'
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

/**
 * Reads the head of the final response, cut anywhere; interim (1xx) responses other than 101 are read over
 * (RFC 9110 section 15.2). Each byte is looked at once, and no more than 64 KiB are kept.
 */
export class ResponseHeadReader {
  #kept: Uint8Array = EMPTY
  #keptLength = 0
  /** Bytes of interim responses. */
  #interim = 0
  /** Where in the last chunk the bytes behind the head begin. */
  consumed = 0

  /** Returns the head once it is whole, an error if it never can be one, or undefined: more is needed. */
  read(chunk: Uint8Array): ResponseHead | ConnectionError | undefined {
    let begin = 0
    for (;;) {
      const end = this.#findEnd(chunk, begin)
      if (end === FOREIGN) return invalid(NO_STATUS_LINE)
      const taken = (end < 0 ? chunk.length : end) - begin
      if (this.#interim + this.#keptLength + taken > MAX_HEAD) {
        return new ConnectionError('WS_ERR_RESPONSE_TOO_LARGE', `The response head exceeds ${MAX_HEAD} bytes`)
      }
      if (end < 0) {
        this.#keep(chunk.subarray(begin))
        return undefined
      }
      let bytes = chunk.subarray(begin, end)
      if (this.#keptLength > 0) {
        this.#keep(bytes)
        bytes = this.#kept.subarray(0, this.#keptLength)
      }
      const head = parseHead(latin1(bytes, 0, bytes.length))
      if (head instanceof ConnectionError || head.status >= 200 || head.status === 101) {
        this.consumed = end
        return head
      }
      this.#interim += bytes.length
      this.#keptLength = 0
      begin = end
    }
  }

  /**
   * The index behind the empty line that ends the head, or `NOT_YET`. A line ends in LF, and a CR before it is ignored, as
   * RFC 9112 section 2.2 allows. `FOREIGN` as soon as it cannot be HTTP: who speaks another protocol may be waiting for us
   * to say more.
   */
  #findEnd(chunk: Uint8Array, begin: number): number {
    for (let index = begin; index < chunk.length; index++) {
      const at = this.#keptLength + index - begin
      if (at < PROTOCOL.length && chunk[index] !== PROTOCOL.charCodeAt(at)) return FOREIGN
      if (chunk[index] !== LF) continue
      // What stands before, some of it perhaps in bytes that were kept.
      const back = this.#before(chunk, begin, index, 1) === CR ? 2 : 1
      if (this.#before(chunk, begin, index, back) === LF) return index + 1
    }
    return NOT_YET
  }

  #before(chunk: Uint8Array, begin: number, index: number, back: number): number | undefined {
    const at = index - back
    return at >= begin ? chunk[at] : this.#kept[this.#keptLength + at - begin]
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#keptLength + bytes.length
    if (needed > this.#kept.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(MAX_HEAD, this.#kept.length * 2), 1024))
      grown.set(this.#kept.subarray(0, this.#keptLength))
      this.#kept = grown
    }
    this.#kept.set(bytes, this.#keptLength)
    this.#keptLength = needed
  }
}

/** Reads up to 64 KiB of a response's body, delimited as RFC 9112 section 6.3 says. */
export class ResponseBodyReader {
  readonly #chunked: boolean
  #body: Uint8Array = EMPTY
  #length = 0
  /** Bytes of the body, or of the current chunk, that are still to come. */
  #remaining: number
  /** Within a chunked body: the line that is being read, or undefined while a chunk's data is. */
  #line: string | undefined

  constructor(head: ResponseHead) {
    this.#chunked = listMembers(head.headers, 'transfer-encoding').at(-1)?.toLowerCase() === 'chunked'
    this.#line = this.#chunked ? '' : undefined
    const length = getAll(head.headers, 'content-length')[0]
    if (this.#chunked) this.#remaining = 0
    else if (head.status === 204 || head.status === 304) this.#remaining = 0
    else this.#remaining = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY
  }

  /** What was read so far. */
  get body(): Uint8Array {
    return this.#body.slice(0, this.#length)
  }

  /** Returns true once the body is whole, or as much of it is here as is kept. */
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
      const take = Math.min(this.#remaining, chunk.length - position, MAX_BODY - this.#length)
      this.#append(chunk.subarray(position, position + take))
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
    return this.#length >= MAX_BODY
  }

  /** A line of the chunked coding (RFC 9112 section 7.1): false at its end, or where it makes no sense. */
  #endLine(line: string): boolean {
    this.#line = ''
    // The end of the line behind a chunk's data.
    if (line === '\r' && this.#length > 0) return true
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r$/.exec(line)
    if (size === null) return false
    this.#remaining = Number.parseInt(size[1]!, 16)
    if (this.#remaining === 0) return false
    this.#line = undefined
    return true
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#body.length) {
      // In steps, since a body may come in chunks of one byte each.
      const grown = new Uint8Array(Math.max(needed, Math.min(MAX_BODY, this.#body.length * 2), 1024))
      grown.set(this.#body.subarray(0, this.#length))
      this.#body = grown
    }
    this.#body.set(bytes, this.#length)
    this.#length = needed
  }
}

/**
 * Parses the status line and the fields of RFC 9112 sections 4 and 5. Any minor version of HTTP/1 is taken: RFC 9110
 * section 2.5 has a recipient process a higher one as its own, and servers switch protocols with HTTP/1.0, too.
 *
 * @param text the head with the empty line that ends it
 */
function parseHead(text: string): ResponseHead | ConnectionError {
  const lines = text.split(/\r?\n/)
  const statusLine = /^HTTP\/1\.\d ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(lines[0]!)
  if (statusLine === null) return invalid(NO_STATUS_LINE)
  const headers: [string, string][] = []
  // The last two are what stands before and behind the LF of the empty line.
  for (let index = 1; index < lines.length - 2; index++) {
    const line = lines[index]!
    // RFC 9112 section 5.2: a line that begins with a space or a tab continues the value of the line before.
    const folded = /^[\t ]/.test(line) ? headers.at(-1) : undefined
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = trimWhitespace(folded === undefined ? line.slice(colon + 1) : line)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
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

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let position = start; position < end; position += 4096) {
    const piece = bytes.subarray(position, Math.min(position + 4096, end))
    // A spread would go by the iterator.
    text += String.fromCharCode.apply(undefined, piece as unknown as number[])
  }
  return text
}
