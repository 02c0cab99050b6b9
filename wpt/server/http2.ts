import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import { type Responder, serve } from './exchange.ts'
import type { Handler } from './handler.ts'
import { makeUpgradeRequest, type UpgradeRequest } from './upgrade-request.ts'

/** Serves an extended CONNECT (RFC 8441) of an HTTP/2 server. Returns false if the stream is not for a WebSocket. */
export function serveExtendedConnect(
  stream: ServerHttp2Stream,
  head: IncomingHttpHeaders,
  handlers: ReadonlyMap<string, Handler>,
): boolean {
  if (head[':method'] !== 'CONNECT' || head[':protocol'] !== 'websocket') return false
  const request = upgradeRequestOf(head)
  void serve(request, stream, new Http2Responder(stream), handlers.get(request.path))
  return true
}

function upgradeRequestOf(head: IncomingHttpHeaders): UpgradeRequest {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(head)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return makeUpgradeRequest(String(head[':path'] ?? '/'), headers, 'HTTP/2')
}

class Http2Responder implements Responder {
  readonly #stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  accept(fields: readonly [name: string, value: string][]): void {
    if (!this.#gone) this.#stream.respond({ ':status': 200, ...collect(fields) })
  }

  refuse(status: number, fields: readonly [name: string, value: string][]): void {
    if (!this.#gone) this.#stream.respond({ ':status': status, ...collect(fields) })
  }

  /** Whether the client has left while a handler was waiting. A stream that was reset is closed before it is destroyed. */
  get #gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  write(): void {
    this.#stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
  }
}

function collect(fields: readonly [name: string, value: string][]): Record<string, string[]> {
  const collected: Record<string, string[]> = {}
  for (const [name, value] of fields) (collected[name.toLowerCase()] ??= []).push(value)
  return collected
}
