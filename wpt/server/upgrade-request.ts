/** A request for a WebSocket, of either version of HTTP. */
export interface UpgradeRequest {
  /** The path without its query. */
  readonly path: string
  /** What follows the first `?` of the target; undefined when there is none. */
  readonly query: string | undefined
  /** By lower-case name; fields that came more than once are joined with `, `. */
  readonly headers: ReadonlyMap<string, string>
  /** The subprotocols that the client asks for. */
  readonly protocols: readonly string[]
  readonly version: HttpVersion
}

type HttpVersion = 'HTTP/1.1' | 'HTTP/2'

/** @param target of the request: a path, maybe with a query */
export function makeUpgradeRequest(
  target: string,
  headers: ReadonlyMap<string, string>,
  version: HttpVersion,
): UpgradeRequest {
  const question = target.indexOf('?')
  return {
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? undefined : target.slice(question + 1),
    headers,
    protocols: protocolsOf(headers),
    version,
  }
}

function protocolsOf(headers: ReadonlyMap<string, string>): string[] {
  const field = headers.get('sec-websocket-protocol')
  return field === undefined ? [] : field.split(',').map(protocol => protocol.trim())
}
