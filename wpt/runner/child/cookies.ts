import { CookieJar } from 'tough-cookie'
import { type Cookies, type Implementation, resources } from '../../port.ts'
import type { Job } from './job.ts'
import { withOptions } from './with-options.ts'

/** A jar of tough-cookie in place of the cookie store of a browser, and the classes of this package with the jar. */
export function withCookies(classes: Implementation, job: Job): Implementation & { readonly cookies: Cookies } {
  // Browsers differ in whether plain HTTP on loopback is secure. The tests have other names.
  const cookieJar = new CookieJar(undefined, { allowSecureOnLocal: false })
  const { hostname, origin } = new URL(job.location)
  const page = (subdomain?: string): string =>
    `${job.variant === 'ws' ? 'http' : 'https'}://${subdomain === undefined ? '' : `${subdomain}.`}${hostname}/`
  const cookies: Cookies = {
    ofDocument: subdomain => cookieJar.getCookieStringSync(page(subdomain), { http: false }),
    async setInDocument(cookie) {
      await cookieJar.setCookie(cookie, page(), { http: false })
    },
    async load(cookie) {
      // By the scheme of `location`: what counts is the URL that the jar is told.
      const { headers } = await fetch(`${origin}${resources.setCookie}?${encodeURIComponent(cookie)}`)
      for (const one of headers.getSetCookie()) await cookieJar.setCookie(one, page(), { ignoreError: true })
    },
  }
  return { ...withOptions(classes, { cookieJar }), cookies }
}
