import { isFieldValue } from '../protocol/header-values.ts'
import type { HeaderList } from '../transport/pipe.ts'
import { credentialsOf } from './credentials.ts'
import type { CallerField } from './options/headers.ts'

/**
 * The fields of the request besides those of the opening handshake: the credentials of the URL and what Fetch sends with every
 * request, unless the caller has given a field of that name; then the caller's own. A caller's null removes a field.
 *
 * The opening handshake has the cache mode "no-store", for which Fetch appends `Pragma` and `Cache-Control`.
 *
 * @see https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch
 */
export function requestFields(given: readonly CallerField[], url: URL): HeaderList {
  const defaults: HeaderList[number][] = [
    ['Pragma', 'no-cache'],
    ['Cache-Control', 'no-cache'],
    ['User-Agent', defaultUserAgent()],
    ...credentialsOf(url),
  ]
  if (given.length === 0) return defaults
  return [
    ...defaults.filter(([name]) => !hasField(given, name)),
    ...given.filter((field): field is HeaderList[number] => field[1] !== null),
  ]
}

/** Whether the caller has given a field of that name, also with the value null. */
export function hasField(given: readonly CallerField[], name: string): boolean {
  return given.some(([own]) => own.toLowerCase() === name.toLowerCase())
}

/**
 * The default `User-Agent` value, as which HTML defines `navigator.userAgent`; on a host without one, the name of this package.
 * Neither tells the name of the machine.
 *
 * @see https://html.spec.whatwg.org/multipage/system-state.html#dom-navigator-useragent
 */
export function defaultUserAgent(): string {
  const { navigator } = globalThis as { navigator?: { userAgent?: unknown } }
  const userAgent = navigator?.userAgent
  return typeof userAgent === 'string' && userAgent !== '' && isFieldValue(userAgent) ? userAgent : 'whatwg-websocket'
}
