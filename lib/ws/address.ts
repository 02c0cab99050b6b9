import { Buffer } from 'node:buffer'
import { isToken } from '../protocol/header-values.ts'

/** Where a request goes. */
export interface Address {
  readonly href: string
  readonly secure: boolean
  /** Host and port as in the URL; empty for a Unix domain socket. */
  readonly host: string
  /** The name, or the address without brackets. */
  readonly hostname: string
  readonly port: string | number
  /** Path and query of the request. */
  readonly path: string
  /** The path of a Unix domain socket. */
  readonly socketPath: string | undefined
  /** User name and password of the URL. */
  readonly auth: string | undefined
}

/**
 * Parses the URL of a WebSocket as ws does: of the scheme ws, wss, http, https or ws+unix, which has the path of a Unix domain
 * socket and, behind a colon, that of the request.
 *
 * @throws SyntaxError
 */
export function parseAddress(address: unknown, base?: string): Address {
  const url = parse(String(address), base)
  const secure = url.protocol === 'wss:'
  const isIpc = url.protocol === 'ws+unix:'
  if (!secure && !isIpc && url.protocol !== 'ws:') {
    throw new SyntaxError(`The URL must begin with ws:, wss:, http:, https: or ws+unix:, not ${url.protocol}`)
  }
  if (isIpc && url.pathname === '') throw new SyntaxError('The URL has no path of a Unix domain socket')
  if (url.hash !== '') throw new SyntaxError('The URL has a fragment (#)')
  const target = url.pathname + url.search
  const colon = isIpc ? target.indexOf(':') : -1
  const hasAuth = url.username !== '' || url.password !== ''
  return {
    href: url.href,
    secure,
    host: url.host,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port || (secure ? 443 : 80),
    path: !isIpc ? target : colon < 0 ? '' : target.slice(colon + 1),
    socketPath: !isIpc ? undefined : colon < 0 ? target : target.slice(0, colon),
    auth: hasAuth ? `${decode(url.username)}:${decode(url.password)}` : undefined,
  }
}

function parse(address: string, base: string | undefined): URL {
  let url: URL
  try {
    url = new URL(address, base)
  } catch {
    throw new SyntaxError(`Invalid URL: ${address}`)
  }
  if (url.protocol === 'http:') url.protocol = 'ws:'
  else if (url.protocol === 'https:') url.protocol = 'wss:'
  return url
}

/** Decodes percent escapes; as in ws, a percent sign without two hexadecimal digits stays. */
function decode(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, escapes => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString())
}

/** @throws SyntaxError for a subprotocol that is no token, or is given twice */
export function readProtocols(given: unknown): readonly string[] {
  const list: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
  for (const [index, protocol] of list.entries()) {
    if (typeof protocol !== 'string' || !isToken(protocol) || list.indexOf(protocol) < index) {
      throw new SyntaxError(`The subprotocol at index ${index} is not a token, or is given twice`)
    }
  }
  return list as string[]
}
