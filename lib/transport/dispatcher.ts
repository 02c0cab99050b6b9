import { attempt } from '../host/attempt.ts'
import { type ConnectTarget, originOf } from './connect.ts'
import { alternating, ForeignExchange, fieldsOf } from './foreign-upgrade.ts'
import { isNodeStream, openNodeStream } from './node-stream.ts'
import type { HeaderList, ResponseHead, Upgrade } from './pipe.ts'
import { explainTlsError } from './tls-errors.ts'

/** The part of a Dispatcher of undici that is used. */
export interface Dispatcher {
  /** Begins a request with the method GET and the field `Upgrade`, and reports to the handler. */
  dispatch(options: any, handler: any): unknown
}

/** The part of a controller of undici 7 and 8 that is used. */
interface Controller {
  abort(reason: unknown): void
  readonly rawHeaders?: readonly unknown[] | object | null
}

/**
 * Makes an opening handshake by a Dispatcher of undici. undici is not imported: the handler below is what versions 6 to 8 call,
 * some of them by the older names, some by the newer ones.
 *
 * @see https://undici.nodejs.org/#/docs/api/Dispatcher
 */
export function upgradeByDispatcher(dispatcher: Dispatcher, target: ConnectTarget): Upgrade {
  return (request, handler) => {
    let abort: ((reason: unknown) => void) | undefined
    const exchange = new ForeignExchange(handler, reason => abort?.(reason))
    const onUpgrade = (head: ResponseHead, socket: unknown): void => {
      if (!isNodeStream(socket)) return exchange.failed(new TypeError('It gave no stream of Node.js'))
      ;(socket as { setTimeout?(delay: number): void }).setTimeout?.(0)
      openNodeStream(socket, target.signal).then(pipe => {
        if (!exchange.upgraded(head, pipe)) socket.destroy()
      }, exchange.failed)
    }
    const onResponse = (status: number, statusText: unknown, fields: HeaderList): void => {
      if (status >= 200) exchange.refused(headOf(status, statusText, fields))
    }
    const onStart = (drop: (reason: unknown) => void): void => {
      abort = drop
      if (exchange.isOver) drop(new Error('Cancelled'))
    }
    const onError = (error: unknown): void => exchange.failed(explainTlsError(error, target.secure, '"'))

    const dispatch = (): unknown =>
      dispatcher.dispatch(
        {
          origin: originOf(target),
          path: request.target,
          method: 'GET',
          headers: dispatchedFields(request.headers),
          upgrade: 'websocket',
          // A WebSocket over HTTP/2 has another opening handshake (RFC 8441).
          allowH2: false,
        },
        {
          // Methods of a handler as undici 6 calls them, and undici 7 those of older handlers.
          onConnect: onStart,
          onUpgrade: (status: number, fields: readonly unknown[] | null, socket: unknown) =>
            onUpgrade(headOf(status, '', alternating(fields ?? [])), socket),
          onHeaders(status: number, fields: readonly unknown[], _resume: unknown, statusText: unknown) {
            onResponse(status, statusText, alternating(fields))
            return true
          },
          onData(bytes: Uint8Array) {
            exchange.body(bytes)
            return true
          },
          onComplete: exchange.ended,
          onError,

          // Methods of a handler as undici 7 and 8 call them.
          onRequestStart: (controller: Controller) => onStart(reason => controller.abort(reason)),
          onRequestUpgrade: (controller: Controller, status: number, fields: object, socket: unknown) =>
            onUpgrade(headOf(status, '', rawFields(controller, fields)), socket),
          onResponseStart: (controller: Controller, status: number, fields: object, statusText: unknown) =>
            onResponse(status, statusText, rawFields(controller, fields)),
          onResponseData: (_controller: Controller, bytes: Uint8Array) => exchange.body(bytes),
          onResponseEnd: exchange.ended,
          onResponseError: (_controller: Controller, error: unknown) => onError(error),
        },
      )
    attempt(dispatch, exchange.failed)
    return exchange.cancel
  }
}

/** The dispatcher that `setGlobalDispatcher` of any undici has set, that of the undici within Node.js included. */
export function globalDispatcher(): Dispatcher {
  const holder = globalThis as { [GLOBAL_DISPATCHER]?: Dispatcher; Headers?: unknown }
  // Node.js makes its own dispatcher when one of the classes of Fetch is first read.
  if (holder[GLOBAL_DISPATCHER] === undefined) void holder.Headers
  const dispatcher = holder[GLOBAL_DISPATCHER]
  if (dispatcher !== undefined) return dispatcher
  throw new TypeError('There is no global dispatcher: undici is not imported')
}

const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1')

/** Names and values that alternate. undici writes the fields Upgrade and Connection itself, and refuses them. */
function dispatchedFields(headers: HeaderList): string[] {
  return headers.filter(([name]) => !/^(?:upgrade|connection)$/i.test(name)).flat()
}

/** The fields in the order of the wire, from `rawHeaders` where undici passes that, else from the object of fields. */
function rawFields({ rawHeaders }: Controller, fields: object): HeaderList {
  return Array.isArray(rawHeaders) ? alternating(rawHeaders) : fieldsOf(fields)
}

function headOf(status: number, statusText: unknown, headers: HeaderList): ResponseHead {
  return { status, statusText: typeof statusText === 'string' ? statusText : '', headers }
}
