import type { Agent, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { shielded } from '../host/shielded-options.ts'
import { http, https } from '../platform/builtins.ts'
import type { ConnectTarget } from './connect.ts'
import { alternating, ForeignExchange } from './foreign-upgrade.ts'
import { explainTlsError } from './node-tls.ts'
import { traceTls } from './open-socket.ts'
import type { ResponseHead, Upgrade, UpgradeHandler, UpgradeRequest } from './pipe.ts'
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
  return (request, handler) => {
    const exchange = startExchange(agent as Agent, target, tls, trace, request, handler)
    return reason => exchange.cancel(reason)
  }
}

function startExchange(
  agent: Agent,
  target: ConnectTarget,
  tls: TlsOptions | undefined,
  trace: Trace,
  request: UpgradeRequest,
  handler: UpgradeHandler,
): ForeignExchange {
  const { host, port, secure } = target
  const options = {
    ...(secure ? tls : undefined),
    agent,
    host,
    port,
    method: 'GET',
    path: request.target,
    headers: fieldValues(request),
  }
  // Connections that serve other requests now. Where the agent queues ours, it may be given one of them, and Node.js sets
  // `reusedSocket` only for a connection that was idle.
  const busy = Object.values(agent.sockets ?? {}).flat()
  const asked = (secure ? https() : http()).request(shielded(options) as object)
  const exchange = new ForeignExchange(handler, () => asked.destroy())
  // The server may have closed a connection just then that the agent had kept: there, it has not processed the request.
  asked.on('error', error =>
    exchange.failed(secure ? explainTlsError(error) : error, asked.reusedSocket || busy.includes(asked.socket!)),
  )
  let upgraded = false
  asked.on('close', () => {
    // The request closes with the upgrade as well.
    if (!upgraded) exchange.failed(new Error('It has closed the connection'))
  })
  asked.on('upgrade', (response, socket, head) => {
    upgraded = true
    onUpgrade(exchange, response, socket, head, target, trace)
  })
  asked.on('response', response => {
    exchange.refused(headOf(response))
    response.on('data', bytes => exchange.body(bytes))
    response.on('error', exchange.ended)
    response.on('close', exchange.ended)
    response.on('end', exchange.ended)
  })
  asked.end()
  return exchange
}

function onUpgrade(
  exchange: ForeignExchange,
  response: IncomingMessage,
  socket: Socket,
  head: Uint8Array,
  { secure }: ConnectTarget,
  trace: Trace,
): void {
  trace.remoteAddress = socket.remoteAddress
  trace.remotePort = socket.remotePort
  if (secure) traceTls(socket, trace)
  if (!exchange.upgraded(headOf(response), pipeOverUpgraded(socket, head))) socket.destroy()
}

function headOf({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): ResponseHead {
  return { status: statusCode, statusText: statusMessage, headers: alternating(rawHeaders) }
}

/** The fields as an object. Of equal names only the first is kept, with all values. */
function fieldValues({ headers }: UpgradeRequest): Record<string, string | string[]> {
  const fields: Record<string, [name: string, ...values: string[]]> = Object.create(null)
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    fields[key] ??= [name]
    fields[key].push(value)
  }
  return Object.fromEntries(Object.values(fields).map(([name, ...all]) => [name, all.length === 1 ? all[0]! : all]))
}
