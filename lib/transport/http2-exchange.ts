import { inMicrotask } from '../host/microtask.ts'
import { Deadline } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { GrowingBuffer, MAX_BODY } from '../protocol/http1.ts'
import { BODY_TIMEOUT } from './http1.ts'
import { HTTP_1_1_REQUIRED, nameOfCode, REFUSED_STREAM } from './http2-codes.ts'
import type { Http2Connection } from './http2-connection.ts'
import { dropStream, Http2Pipe } from './http2-pipe.ts'
import type { Http2Stream, Http2Way } from './http2-types.ts'
import type { HeaderList, ResponseHead, Upgrade, UpgradeHandler, UpgradeRequest } from './pipe.ts'

/** A socket's place on a connection, which it has as long as it is open: the promise of a stream, then the stream. */
export class Http2Place implements Http2Way {
  readonly http: '2' = '2'
  readonly upgrade: Upgrade
  readonly #connection: Http2Connection
  #keepsAlive = true
  #isFree = false

  /** @param onHttp1Required the server wants HTTP/1.1: returns whether it may be used, by another attempt */
  constructor(connection: Http2Connection, secure: boolean, onHttp1Required: () => boolean) {
    this.#connection = connection
    connection.enter()
    this.upgrade = (request, handler) => {
      const exchange = new Http2Exchange(connection, this, headersOf(request, secure), handler, onHttp1Required)
      return reason => exchange.cancel(reason)
    }
  }

  abort(): void {
    this.free()
  }

  ref(): void {
    this.keepAlive(true)
  }

  unref(): void {
    this.keepAlive(false)
  }

  /** Sets whether the socket keeps the process alive. */
  readonly keepAlive = (wanted: boolean): void => {
    if (wanted === this.#keepsAlive || this.#isFree) return
    this.#keepsAlive = wanted
    if (wanted) this.#connection.ref()
    else this.#connection.unref()
  }

  /** The stream is over. */
  free(): void {
    if (this.#isFree) return
    this.unref()
    this.#isFree = true
    this.#connection.leave()
  }
}

/** One request and its response. */
class Http2Exchange {
  readonly #connection: Http2Connection
  readonly #place: Http2Place
  readonly #onHttp1Required: () => boolean
  /** Whether the connection has been idle before, so that the server may have closed it in that very moment. */
  readonly #isReuse: boolean
  /** Undefined if it could not be opened. */
  #stream: Http2Stream | undefined
  /** Undefined once one of its methods was called, or the exchange was cancelled. */
  #handler: UpgradeHandler | undefined
  #error: unknown
  #refusal: ResponseHead | undefined
  readonly #body = new GrowingBuffer()
  #bodyDeadline: Deadline | undefined

  constructor(
    connection: Http2Connection,
    place: Http2Place,
    headers: object,
    handler: UpgradeHandler,
    onHttp1Required: () => boolean,
  ) {
    this.#connection = connection
    this.#place = place
    this.#handler = handler
    this.#onHttp1Required = onHttp1Required
    this.#isReuse = connection.wasUsed
    try {
      const stream = connection.request(headers)
      this.#stream = stream
      stream.on('error', error => {
        this.#error ??= error
      })
      stream.on('response', (fields, _flags, list?: unknown) => this.#onResponse(stream, headOf(fields, list)))
      stream.on('close', () => this.#onClose())
    } catch (error) {
      this.#error = error
      inMicrotask(() => this.#onClose())
    }
  }

  /** Resets the stream, unless its outcome was reported. The handler is not called any more. */
  cancel(reason?: unknown): void {
    if (this.#handler === undefined) return
    this.#handler = undefined
    this.#bodyDeadline?.cancel()
    if (this.#stream) dropStream(this.#stream, this.#connection, reason)
  }

  #onResponse(stream: Http2Stream, head: ResponseHead): void {
    const handler = this.#handler
    if (handler === undefined) return
    if (head.status === 200) {
      this.#handler = undefined
      return handler.upgraded(head, new Http2Pipe(stream, this.#connection, this.#place.keepAlive))
    }
    this.#refusal = head
    this.#bodyDeadline = new Deadline(BODY_TIMEOUT, () => this.#refuse())
    stream.on('data', (bytes: Uint8Array) => {
      this.#body.append(bytes)
      if (this.#body.length >= MAX_BODY) this.#refuse()
    })
    stream.on('end', () => this.#refuse())
  }

  /** Reports the refusal, with the body as far as it has come. */
  #refuse(): void {
    const handler = this.#handler
    this.cancel()
    handler?.refused(this.#refusal!, this.#body.content.slice(0, MAX_BODY))
  }

  #onClose(): void {
    this.#place.free()
    if (this.#handler === undefined) return
    if (this.#refusal !== undefined) return this.#refuse()
    const handler = this.#handler
    this.cancel()
    const code = this.#stream?.rstCode
    const cause = this.#error ?? this.#connection.error
    if (code === HTTP_1_1_REQUIRED) {
      const message = 'The server wants HTTP/1.1 for WebSockets: see the option "http2"'
      return handler.failed(new ConnectionError('WS_ERR_HTTP2', message, { cause }), this.#onHttp1Required())
    }
    const isOver = this.#stream === undefined ? this.#connection.isOver : this.#connection.isLost
    const what = isOver ? 'The HTTP/2 connection was lost' : `The server reset the stream (${nameOfCode(code)})`
    const error = new ConnectionError('WS_ERR_CONNECTION_LOST', `${what} during the handshake`, { cause })
    const isUnprocessed = code === REFUSED_STREAM || (isOver && (this.#isReuse || this.#stream === undefined))
    handler.failed(error, isUnprocessed)
  }
}

/** The fields of an extended CONNECT (RFC 8441 section 5). A `Host` among those of the request names the authority. */
function headersOf({ target, headers }: UpgradeRequest, secure: boolean): object {
  const fields: Record<string, string | string[]> = {
    __proto__: null,
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': secure ? 'https' : 'http',
    ':path': target,
  } as unknown as Record<string, string>
  for (const [given, value] of headers) {
    const name = given.toLowerCase() === 'host' ? ':authority' : given.toLowerCase()
    const before = fields[name]
    // Cookies have a separator of their own (RFC 9113 section 8.2.3). All other fields may be joined, and some must be.
    fields[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return fields
}

/** @param list names and values in turn, as they came; what Node.js makes of them has lists for some names */
function headOf(fields: Readonly<Record<string, unknown>>, list: unknown): ResponseHead {
  const headers: [string, string][] = []
  const add = (name: string, value: unknown): void => {
    if (!name.startsWith(':')) headers.push([name.toLowerCase(), String(value)])
  }
  if (Array.isArray(list)) for (let index = 0; index + 1 < list.length; index += 2) add(list[index], list[index + 1])
  else for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) add(name, one)
  // HTTP/2 has no status text (RFC 9113 section 8.3.2).
  return { status: Number(fields[':status']), statusText: '', headers: headers satisfies HeaderList }
}
