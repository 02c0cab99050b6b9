import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { attempt } from '../host/attempt.ts'
import { shielded } from '../host/shielded-options.ts'
import { http, https } from '../platform/builtins.ts'
import type { ConnectTarget } from './connect.ts'
import { alternating, ForeignExchange } from './foreign-upgrade.ts'
import { isNodeStream } from './node-stream.ts'
import { traceTls } from './open-socket.ts'
import type { ResponseHead, Upgrade, UpgradeRequest } from './pipe.ts'
import { explainTlsError } from './tls-errors.ts'
import type { TlsOptions } from './tls-options.ts'
import type { Trace } from './trace.ts'
import { pipeOverUpgraded } from './upgraded-socket.ts'

/**
 * Makes opening handshakes by an agent of Node.js: a request that it serves, and whose socket then serves the WebSocket.
 *
 * @param agent an `http.Agent`, for a secure target an `https.Agent`, or one of a library
 * @param tls for a secure target: options that the agent passes on to TLS
 */
export function upgradeByAgent(
  agent: object,
  target: ConnectTarget,
  tls: TlsOptions | undefined,
  trace: Trace,
): Upgrade {
  const { host, port, secure } = target
  return (request, handler) => {
    const options = {
      ...(secure && tls),
      agent: withPromises(agent as Agent, error => exchange.failed(error)),
      host,
      port,
      path: request.target,
      headers: fieldValues(request),
    }
    // Connections that serve other requests now. Where the agent queues ours, it may be given one of them, and Node.js sets
    // `reusedSocket` only for a connection that was idle.
    const busy = Object.values((agent as Agent).sockets ?? {}).flat()
    const asked: ClientRequest = (secure ? https() : http()).request(shielded(options) as object)
    const exchange: ForeignExchange = new ForeignExchange(handler, () => asked.destroy())
    // The server may have closed a connection just then that the agent had kept: there, it has not processed the request.
    asked.on('error', error =>
      exchange.failed(explainTlsError(error, secure), asked.reusedSocket || busy.includes(asked.socket!)),
    )
    // After an upgrade, too; then nobody listens.
    asked.on('close', () => exchange.failed(new Error('It has closed the connection')))
    asked.on('upgrade', (response, socket, head) => {
      // Node.js ends a response by the `signal` that it finds on a polluted Object.prototype.
      response.on('error', exchange.ended)
      trace.remoteAddress = socket.remoteAddress
      trace.remotePort = socket.remotePort
      if (secure) traceTls(socket, trace)
      if (!exchange.upgraded(headOf(response), pipeOverUpgraded(socket, head))) socket.destroy()
    })
    asked.on('response', response => {
      exchange.refused(headOf(response))
      response.on('data', bytes => exchange.body(bytes))
      response.on('error', exchange.ended)
      response.on('close', exchange.ended)
      response.on('end', exchange.ended)
    })
    asked.end()
    return exchange.cancel
  }
}

/**
 * The agent as `http.request` takes it, but its methods may be async functions, such as `addRequest`, whose promise Node.js drops,
 * and `createConnection`, whose promise it takes for a socket.
 *
 * @param failed is told with what a method rejected that is given no callback, or one that throws
 */
export function withPromises<Given extends object>(agent: Given, failed: (error: unknown) => void): Given {
  const members = agent as Record<PropertyKey, unknown>
  const standard = http().Agent.prototype as object as typeof members
  return new Proxy(agent, {
    get(_, name) {
      const member = members[name]
      // The methods of Node.js call the others on the proxy. Those of a subclass may have private members.
      if (typeof member !== 'function' || member === standard[name]) return member
      return (...values: unknown[]) => {
        const made: unknown = member.apply(agent, values)
        if (typeof (made as PromiseLike<unknown> | undefined)?.then !== 'function') return made
        const callback: unknown = values[1]
        const calls = typeof callback === 'function'
        Promise.resolve(made)
          .then(socket => {
            // A promise without a value: the function calls back by itself.
            if (!calls || !socket) return
            if (!isNodeStream(socket)) throw new TypeError('It gave no stream of Node.js')
            callback(null, socket)
          })
          // From Node.js 22 on, the callback reads the error, which may throw.
          .catch(error =>
            attempt(
              () => (calls ? callback : failed)(error || new Error(String(error))),
              () => failed(error),
            ),
          )
        return
      }
    },
  })
}

function headOf({ statusCode, statusMessage = '', rawHeaders }: IncomingMessage): ResponseHead {
  return { status: statusCode!, statusText: statusMessage, headers: alternating(rawHeaders) }
}

/** The fields as an object. Of equal names only the first is kept, with all values. */
function fieldValues({ headers }: UpgradeRequest): Record<string, string | string[]> {
  const fields: Record<string, [name: string, ...values: string[]]> = Object.create(null)
  for (const [name, value] of headers) {
    const same = (fields[name.toLowerCase()] ??= [name])
    same.push(value)
  }
  return Object.fromEntries(Object.values(fields).map(([name, ...all]) => [name, all.length === 1 ? all[0]! : all]))
}
