import { invalid, type Readers } from './reading.ts'

/** Cookies. */
export interface Options {
  /**
   * A store of cookies, such as a `CookieJar` of tough-cookie: its cookies for the URL are sent with the opening handshake, and
   * what the server sets by its response is stored. Default: no cookies.
   */
  readonly cookieJar?: CookieJar
}

/** The part of a cookie jar that is used. URLs have the scheme http or https. */
export interface CookieJar {
  /** The value of the Cookie field for a URL; the empty string if there are no cookies. */
  getCookieString(url: string): string | PromiseLike<string>
  /**
   * Stores the cookie of one field Set-Cookie in a response from `url`. An error that it throws, or rejects with, refuses
   * the cookie.
   */
  setCookie(header: string, url: string): unknown
}

export interface Settings {
  readonly cookieJar: CookieJar | undefined
}

export const readers: Readers<Settings> = { cookieJar: readCookieJar }

function readCookieJar(value: unknown, name: string): CookieJar | undefined {
  if (value === undefined) return undefined
  const jar = value as Partial<CookieJar> | null
  const isJar = typeof jar?.getCookieString === 'function' && typeof jar.setCookie === 'function'
  return isJar ? (value as CookieJar) : invalid(name, 'an object with the methods getCookieString and setCookie')
}
