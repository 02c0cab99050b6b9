import { inMicrotask } from '../host/microtask.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { headTooLarge, MAX_BODY } from '../protocol/http1.ts'
import { alternating, ForeignExchange, fieldsOf } from './foreign-upgrade.ts'
import { describeLoss, HTTP_1_1_REQUIRED, REFUSED_STREAM } from './http2-codes.ts'
import type { Http2Connection } from './http2-connection.ts'
import { dropStream, Http2Pipe } from './http2-pipe.ts'
import type { Http2Stream, Http2Way } from './http2-types.ts'
import type { ResponseHead, Upgrade, UpgradeHandler, UpgradeRequest } from './pipe.ts'

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
    this.upgrade = (request, handler) =>
      exchangeOn(connection, this, headersOf(request, secure), handler, onHttp1Required)
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

  /** Gives the place on the connection back. Also called when the stream is over; the first call counts. */
  readonly abort = (): void => {
    if (this.#isFree) return
    this.unref()
    this.#isFree = true
    this.#connection.leave()
  }
}

/** Makes one request, and reports its response. Returns the function that resets the stream, unless its outcome was reported. */
function exchangeOn(
  connection: Http2Connection,
  place: Http2Place,
  headers: object,
  handler: UpgradeHandler,
  onHttp1Required: () => boolean,
): (reason?: unknown) => void {
  /** Undefined if it could not be opened. */
  let stream: Http2Stream | undefined
  let failure: unknown
  /** Whether the connection has been idle before, so that the server may have closed it in that very moment. */
  const isReuse = connection.wasUsed
  const exchange = new ForeignExchange(handler, reason => stream && dropStream(stream, connection, reason))

  const onClose = (): void => {
    place.abort()
    if (exchange.isOver) return
    const code = stream?.rstCode
    const cause = failure ?? connection.error
    if (code === HTTP_1_1_REQUIRED) {
      const message = 'The server wants HTTP/1.1 for WebSockets: see the option "http2"'
      return exchange.failed(new ConnectionError('WS_ERR_HTTP2', message, { cause }), onHttp1Required())
    }
    const isOver = stream === undefined ? connection.isOver : connection.isLost
    const message = `${describeLoss(isOver, code)} during the handshake`
    const error = new ConnectionError('WS_ERR_CONNECTION_LOST', message, { cause })
    const isUnprocessed = code === REFUSED_STREAM || (isOver && (isReuse || stream === undefined))
    exchange.failed(error, isUnprocessed)
  }

  try {
    const opened = connection.request(headers, () => (exchange.isOver ? opened.push(null) : opened.destroy()))
    stream = opened
    opened.on('error', error => {
      failure ??= error
    })
    let interim = 0
    opened.on('headers', fields => {
      // A server may send interim responses without end, faster than they are read: the limit is 64 KiB in all, as over HTTP/1.1.
      interim += JSON.stringify(fields).length
      if (interim <= MAX_BODY) return
      dropStream(opened, connection)
      exchange.failed(headTooLarge())
    })
    opened.on('response', (fields, _flags, list?: unknown) => {
      if (exchange.isOver) return
      const head = headOf(fields, list)
      if (head.status === 200) {
        exchange.upgraded(head, new Http2Pipe(opened, connection, place.keepAlive))
        return
      }
      exchange.refused(head)
      opened.on('data', (bytes: Uint8Array) => exchange.body(bytes))
      opened.on('end', exchange.ended)
    })
    opened.on('close', onClose)
  } catch (error) {
    failure = error
    inMicrotask(onClose)
  }
  return exchange.cancel
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
    const name = given.toLowerCase().replace(/^host$/, ':authority')
    const before = fields[name]
    // Cookies have a separator of their own (RFC 9113 section 8.2.3). All other fields may be joined, and some must be.
    fields[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return fields
}

/** @param list names and values in turn, as they came; what Node.js makes of them has lists for some names */
function headOf(fields: Readonly<Record<string, unknown>>, list: unknown): ResponseHead {
  const all = Array.isArray(list) ? alternating(list) : fieldsOf(fields)
  const headers = all.filter(([name]) => !name.startsWith(':'))
  // HTTP/2 has no status text (RFC 9113 section 8.3.2).
  return { status: Number(fields[':status']), statusText: '', headers }
}
