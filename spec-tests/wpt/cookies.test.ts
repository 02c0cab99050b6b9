import { expect } from 'chai'
import { CookieJar } from 'tough-cookie'
import type { WebSocket, WebSocketOptions } from '#lib/entry/node.js'
import { authority } from '../../wpt/server/certificate.ts'
import { startServer, type TestServer } from '../../wpt/server/server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/**
 * The files in websockets/cookies/ of the web-platform-tests, in each of their variants and by the same handlers of the test server,
 * with a jar in place of the cookie store that a document and its sockets share: `document.cookie` is the jar without what is
 * HttpOnly. They are no ports in wpt/, which run for each implementation and in browsers: a jar is an option of this one.
 *
 * @see https://github.com/web-platform-tests/wpt/tree/master/websockets/cookies
 */
describe('The web-platform-tests of cookies, with tough-cookie', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)
  const loopback = useLoopback()
  let server: TestServer

  before(async () => {
    server = await startServer()
  })

  after(() => server.close())

  const TEST = 'ws_test_id=test'

  for (const variant of ['ws', 'wss', 'h2'] as const) {
    describe(variant, () => {
      const tls = { ca: authority }
      /** The origin of the page, and that of its sockets. */
      const http = variant === 'ws' ? 'http' : 'https'
      const httpBase = (): string => `${http}://localhost:${server.ports[http][0]}`
      const base = (host = 'localhost'): string =>
        `${variant === 'ws' ? 'ws' : 'wss'}://${host}:${server.ports[variant][0]}`

      /** A page with its cookies. */
      function page() {
        const cookieJar = new CookieJar(undefined, { allowSecureOnLocal: false })
        const options: WebSocketOptions = { cookieJar, tls, http2: variant === 'h2' ? 'only' : false }
        const open = (url: string, more: WebSocketOptions = {}): WebSocket =>
          loopback.socket(url, { ...options, ...more })
        return {
          cookieJar,
          open,
          /** `document.cookie = cookie`: a script cannot set what is HttpOnly. */
          setDocumentCookie: (cookie: string) => cookieJar.setCookie(cookie, `${http}://localhost/`, { http: false }),
          documentCookie: () => cookieJar.getCookieStringSync(`${http}://localhost/`, { http: false }),
          /** Loads support/set-cookie.py, as a frame of the page does. */
          async load(cookie: string): Promise<void> {
            // Over plain HTTP, as the certificate is none that `fetch` trusts: what counts is the URL that the jar is told.
            const plain = `http://localhost:${server.ports.http[0]}`
            const path = `/websockets/cookies/support/set-cookie.py?${encodeURIComponent(cookie)}`
            const { headers } = await fetch(plain + path)
            for (const one of headers.getSetCookie()) await cookieJar.setCookie(one, httpBase() + path)
          },
          /** The Cookie field that a socket sends. */
          async echoed(url = base(), more: WebSocketOptions = {}): Promise<string> {
            const socket = open(`${url}/echo-cookie`, more)
            const { data } = await next(socket, 'message')
            socket.close()
            return data as string
          },
        }
      }

      it('001: a cookie of the document is in the request', async () => {
        const { setDocumentCookie, echoed } = page()
        await setDocumentCookie(`${TEST}; Path=/`)
        expect(await echoed()).to.equal(TEST)
      })

      it('002: a cookie that the response sets is one of the document', async () => {
        const { open, documentCookie } = page()
        await next(open(`${base()}/set-cookie?id`), 'open')
        expect(documentCookie()).to.equal(TEST)
      })

      it('003: a cookie that is HttpOnly is in the request', async () => {
        const { load, documentCookie, echoed } = page()
        await load(`${TEST}; Path=/; HttpOnly`)
        expect(documentCookie()).to.equal('')
        expect(await echoed()).to.equal(TEST)
      })

      it('004: a cookie that the response sets as HttpOnly is none of the document', async () => {
        const { open, documentCookie } = page()
        await next(open(`${base()}/set-cookie_http?id`), 'open')
        expect(documentCookie()).to.equal('')
      })

      it('005: it is in the next request', async () => {
        const { open, echoed } = page()
        expect(await echoed()).to.equal('(none)')
        await next(open(`${base()}/set-cookie_http?id`), 'open')
        expect(await echoed()).to.equal(TEST)
      })

      it('006: a cookie that is Secure is in the request over TLS alone', async () => {
        const { cookieJar, echoed } = page()
        await cookieJar.setCookie(`${TEST}; Path=/; Secure`, 'https://localhost/')
        expect(await echoed()).to.equal(variant === 'ws' ? '(none)' : TEST)
      })

      it('007: a cookie of the response is there at the open event, and not while the script still runs', async () => {
        const { open, documentCookie } = page()
        const socket = open(`${base()}/set-cookie?id`)
        expect(documentCookie()).to.equal('')
        const opened = new Promise<string>(resolve => {
          socket.onopen = () => resolve(documentCookie())
        })
        expect(await opened).to.equal(TEST)
      })

      it('cross-origin-cookie-set: a cookie of another site is sent there, and nowhere else', async () => {
        const { open, echoed } = page()
        const elsewhere = base('other.example')
        const more: WebSocketOptions = {
          lookup: (_name, _options, callback) => callback(null, '127.0.0.1', 4),
          tls: { ...tls, servername: 'localhost' },
        }
        await next(open(`${elsewhere}/set-cookie?id`, more), 'open')
        expect(await echoed(elsewhere, more)).to.equal(TEST)
        expect(await echoed()).to.equal('(none)')
      })
    })
  }
})
