import { attempt } from '../host/attempt.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { getAll, isFieldValue } from '../protocol/header-values.ts'
import type { HeaderList, ResponseHead } from '../transport/pipe.ts'
import type { CookieJar } from './options/cookies.ts'
import type { CallerField } from './options/headers.ts'
import { hasField } from './request-fields.ts'

/**
 * The Cookie field that a jar has for a URL; none if the caller has given one.
 *
 * @see https://httpwg.org/specs/rfc6265.html#cookie
 * @throws (rejects with) ConnectionError if the jar fails: without its cookies, the server would see somebody else
 */
export async function cookieFields(jar: CookieJar, url: URL, given: readonly CallerField[]): Promise<HeaderList> {
  if (hasField(given, 'Cookie')) return []
  let cookies: unknown
  try {
    cookies = await jar.getCookieString(cookieURL(url))
  } catch (cause) {
    throw new ConnectionError('WS_ERR_COOKIE_JAR', 'The option "cookieJar" could not give the cookies', { cause })
  }
  if (cookies === '' || cookies === undefined || cookies === null) return []
  if (typeof cookies === 'string' && isFieldValue(cookies)) return [['Cookie', cookies]]
  const message = 'The option "cookieJar" gave cookies that HTTP does not allow in a header'
  throw new ConnectionError('WS_ERR_COOKIE_JAR', message)
}

/** Has a jar store what a response sets. A cookie that the jar refuses is ignored, as in browsers. */
export function storeCookies(jar: CookieJar, url: URL, { headers }: ResponseHead): void {
  for (const header of getAll(headers, 'set-cookie')) {
    attempt(() => jar.setCookie(header, cookieURL(url)))
  }
}

/** Cookies are those of http and https (RFC 6455 section 4.1, item 12), without credentials in the URL. */
function cookieURL(url: URL): string {
  return `${url.protocol === 'wss:' ? 'https' : 'http'}://${url.host}${url.pathname}${url.search}`
}
