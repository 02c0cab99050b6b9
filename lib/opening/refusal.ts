import { host } from '../host/host.ts'
import { parseURL } from '../host/host-url.ts'
import { getAll } from '../protocol/header-values.ts'
import { quote } from '../protocol/quoting.ts'
import type { HeaderList, HttpVersion, ResponseHead } from '../transport/pipe.ts'

/** The most that a message shows of a body, in bytes. */
const MAX_SHOWN = 500

/**
 * Says what the server answered in place of a 101, or of a 200 over HTTP/2: where it redirects to, or the first line of a body that is plain text.
 * Redirects are not followed, as the standard has it.
 */
export function describeRefusal(
  { status, statusText, headers }: ResponseHead,
  url: URL,
  body: Uint8Array,
  http?: HttpVersion,
): string {
  const wanted = http === '2' ? 200 : 101
  const answer = `The server answered the handshake with status ${`${status} ${statusText}`.trimEnd()} instead of ${wanted}`
  const location = status >= 300 && status < 400 ? getAll(headers, 'location')[0] : undefined
  if (location !== undefined) return `${answer}. It points to ${quote(visible(location, url))}`
  const line = isPlainText(headers) ? firstLine(body) : ''
  return line === '' ? answer : `${answer}: ${quote(line)}`
}

/** Pages of HTML begin with nothing that helps. A server that is no web server names no type at all. */
function isPlainText(headers: HeaderList): boolean {
  const type = getAll(headers, 'content-type')[0]
  return type === undefined || /^\s*(text\/plain|application\/([\w.-]+\+)?json)\s*(;|$)/i.test(type)
}

/** The first line with anything on it; empty if the body is no UTF-8. Its end may be cut within a character. */
function firstLine(body: Uint8Array): string {
  let end = Math.min(body.length, MAX_SHOWN)
  if (end < body.length) while (end > 0 && (body[end]! & 0xc0) === 0x80) end--
  const text = host.platform.decodeUtf8(body, 0, end) ?? ''
  return text
    .trim()
    .split(/[\r\n]/, 1)[0]!
    .trim()
}

/** A location without credentials, query and fragment. Where it has no host, nothing tells where a password ends. */
function visible(location: string, url: URL): string {
  const target = parseURL(location, url)
  return target?.host ? `${target.protocol}//${target.host}${target.pathname}` : location.replace(/^.*@.*|[?#].*/, '…')
}
