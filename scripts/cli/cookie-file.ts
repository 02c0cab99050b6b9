import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Cookie, CookieJar } from 'tough-cookie'
import { UsageError } from './usage-error.ts'
import { describeFileError } from './values.ts'

/** The first line, by which programs tell the format. */
const HEAD = '# Netscape HTTP Cookie File'

/** Marks a cookie that pages may not read. */
const HTTP_ONLY = '#HttpOnly_'

/** What the option `cookieJar` of the library takes. */
export interface FileJar {
  getCookieString(url: string): Promise<string>
  setCookie(header: string, url: string): Promise<void>
}

/**
 * The cookies of a file in the format of Netscape, which curl and browsers' extensions write. A cookie that the server sets is
 * written to the file at once.
 *
 * @throws UsageError
 */
export function openCookieFile(path: string): FileJar {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK)
  } catch (error) {
    throw new UsageError(`The file of --cookie-jar cannot be written: ${describeFileError(error, path)}`)
  }
  const jar = new CookieJar(undefined, { rejectPublicSuffixes: true })
  for (const [index, line] of readLines(path).entries()) {
    const isHttpOnly = line.startsWith(HTTP_ONLY)
    if (line.trim() === '' || (line.startsWith('#') && !isHttpOnly)) continue
    const fields = (isHttpOnly ? line.slice(HTTP_ONLY.length) : line).split('\t')
    if (fields.length !== 7) {
      throw new UsageError(
        `Line ${index + 1} of ${path} is no cookie`,
        'A line has seven fields, parted by tabs, as curl writes.',
      )
    }
    const [domain = '', subdomains, cookiePath = '/', secure, expires, key = '', value = ''] = fields
    const cookie = new Cookie({
      key,
      value,
      domain: domain.replace(/^\./, ''),
      hostOnly: subdomains !== 'TRUE',
      path: cookiePath,
      secure: secure === 'TRUE',
      httpOnly: isHttpOnly,
      expires: Number(expires) > 0 ? new Date(Number(expires) * 1000) : 'Infinity',
    })
    // Straight into the store, since there is no URL that has set it.
    void jar.store.putCookie(cookie)
  }
  return {
    getCookieString: url => jar.getCookieString(url),
    async setCookie(header, url) {
      await jar.setCookie(header, url)
      const cookies = await jar.store.getAllCookies()
      writeFileSync(path, [HEAD, ...cookies.map(describeCookie)].map(line => `${line}\n`).join(''), { mode: 0o600 })
    },
  }
}

function readLines(path: string): string[] {
  if (!existsSync(path)) return []
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)
  } catch (error) {
    throw new UsageError(`The file of --cookie-jar cannot be read: ${describeFileError(error, path)}`)
  }
}

function describeCookie(cookie: Cookie): string {
  const { domain, hostOnly, path, secure, httpOnly, key, value } = cookie
  const expires = cookie.expiryTime()
  const seconds = expires === undefined || !Number.isFinite(expires) ? 0 : Math.floor(expires / 1000)
  const flag = (on: boolean | null | undefined): string => (on === true ? 'TRUE' : 'FALSE')
  const place = `${hostOnly === true ? '' : '.'}${domain ?? ''}`
  const fields = [place, flag(hostOnly !== true), path ?? '/', flag(secure), String(seconds), key, value]
  return (httpOnly ? HTTP_ONLY : '') + fields.join('\t')
}
