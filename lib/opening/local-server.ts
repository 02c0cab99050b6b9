import { HostURL } from '../host/host-url.ts'

/** A server behind a unix socket or a named pipe of Windows. */
export interface LocalServer {
  /** The URL of the request: its host is `localhost`. */
  readonly url: URL
  readonly socketPath: string
}

/**
 * Reads a URL with the scheme ws+unix or wss+unix, as ws and Bun have it: the path of the socket, then, behind a colon, the target
 * of the request. Undefined for any other URL.
 */
export function localServer(url: URL): LocalServer | undefined {
  if (url.protocol !== 'ws+unix:' && url.protocol !== 'wss+unix:') return undefined
  const [path = '', ...target] = url.pathname.split(':')
  const record = new HostURL(`${url.protocol.replace('+unix', '')}//localhost/`)
  if (target.length > 0) record.pathname = target.join(':')
  record.search = url.search
  return { url: record, socketPath: decode(path) }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // The file's name has a percent sign.
    return path
  }
}
