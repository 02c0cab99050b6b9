import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { acceptOf, type Responder, serve } from './exchange.ts'
import { type Handler, Refused } from './handler.ts'
import { makeUpgradeRequest, type UpgradeRequest } from './upgrade-request.ts'

/** Serves an `upgrade` event of an HTTP/1.1 server. */
export function serveUpgrade(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  handlers: ReadonlyMap<string, Handler>,
): Promise<void> {
  const request = upgradeRequestOf(message)
  const key = request.headers.get('sec-websocket-key') ?? ''
  // RFC 6455 section 4.2.1; 16 bytes in base64.
  const valid =
    message.method === 'GET' &&
    request.headers.get('upgrade')?.toLowerCase() === 'websocket' &&
    request.headers.get('sec-websocket-version') === '13' &&
    /^[+/0-9A-Za-z]{21}[AQgw]==$/.test(key)
  if (head.length > 0) socket.unshift(head)
  const handler = valid ? handlers.get(request.path) : badRequest
  return serve(request, socket, new Http1Responder(socket, key), handler)
}

function upgradeRequestOf(message: IncomingMessage): UpgradeRequest {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = message.rawHeaders[index]!.toLowerCase()
    const value = message.rawHeaders[index + 1]!
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  return makeUpgradeRequest(message.url ?? '/', headers, 'HTTP/1.1')
}

const badRequest: Handler = {
  handshake() {
    throw new Refused(400)
  },
}

class Http1Responder implements Responder {
  readonly #socket: Duplex
  readonly #key: string

  constructor(socket: Duplex, key: string) {
    this.#socket = socket
    this.#key = key
  }

  accept(fields: readonly [name: string, value: string][]): void {
    const all: [string, string][] = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', acceptOf(this.#key)],
      ...fields,
    ]
    this.#socket.write(responseHead(101, all))
  }

  refuse(status: number, fields: readonly [name: string, value: string][]): void {
    this.#socket.write(responseHead(status, [['Content-Length', '0'], ['Connection', 'close'], ...fields]))
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }
}

export function responseHead(status: number, fields: readonly [name: string, value: string][]): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
