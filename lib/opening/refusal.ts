import { getAll } from '../protocol/header-values.ts'
import { quote } from '../protocol/quoting.ts'
import type { HttpVersion, ResponseHead } from '../transport/pipe.ts'
import { HostURL } from './url.ts'

/** Says what the server answered in place of a 101, or of a 200 over HTTP/2, and where it redirects to. Redirects are not followed, as the standard has it. */
export function describeRefusal({ status, statusText, headers }: ResponseHead, url: URL, http?: HttpVersion): string {
  const wanted = http === '2' ? 200 : 101
  const answer = `The server answered the handshake with status ${`${status} ${statusText}`.trimEnd()} instead of ${wanted}`
  const location = status >= 300 && status < 400 ? getAll(headers, 'location')[0] : undefined
  return location === undefined ? answer : `${answer}. It points to ${quote(visible(location, url))}`
}

/** A location without credentials, query and fragment. */
function visible(location: string, url: URL): string {
  try {
    const { protocol, host, pathname } = new HostURL(location, url)
    return `${protocol}//${host}${pathname}`
  } catch {
    return location.slice(0, location.search(/[?#@]|$/))
  }
}
