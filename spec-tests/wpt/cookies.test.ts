import { expect } from 'chai'
import { CookieJar } from 'tough-cookie'
import type { WebSocket } from '#lib/entry/node.js'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/**
 * What the files in websockets/cookies/ of the web-platform-tests check, with a jar in place of the cookie store that a document and
 * its sockets share: `document.cookie` is the jar without what is HttpOnly. They are no ports, since a port knows no options.
 *
 * @see https://github.com/web-platform-tests/wpt/tree/master/websockets/cookies
 */
describe('The web-platform-tests of cookies, with tough-cookie', () => {
  const loopback = useLoopback()
  let authority: Certificate
  let certificate: Certificate

  before(async () => {
    authority = await makeAuthority()
    certificate = await makeCertificate({ authority })
  })

  for (const scheme of ['ws', 'wss'] as const) {
    describe(scheme, () => {
      /** A page, its cookies, and the server that it came from. */
      async function page() {
        const cookieJar = new CookieJar(undefined, { allowSecureOnLocal: false })
        const server = await loopback.serve({ ...(scheme === 'wss' && { tls: certificate }) })
        const url = server.url.replace('127.0.0.1', 'localhost')
        const base = url.replace('ws', 'http')
        const own = { cookieJar, ...(scheme === 'wss' && { tls: { ca: authority.cert } }) }
        return {
          cookieJar,
          base,
          /** Sets a cookie as a response of the server's would. */
          respond: (cookie: string) => cookieJar.setCookie(cookie, base),
          /** `document.cookie` */
          documentCookie: () => cookieJar.getCookieString(base, { http: false }),
          /** The value of the Cookie field that a new socket sends. */
          async echoed(): Promise<string> {
            const socket = loopback.socket(`${url}echo-cookie`, own)
            await next(socket, 'open')
            const { request } = await server.accept()
            socket.close()
            return request.headers.cookie ?? ''
          },
          connect: (): WebSocket => loopback.socket(url, own),
        }
      }

      /** The same, whose server sets cookies by its 101. */
      async function settingPage(cookie: string) {
        const cookieJar = new CookieJar(undefined, { allowSecureOnLocal: false })
        const server = await loopback.serveRaw({ ...(scheme === 'wss' && { tls: certificate }) })
        const url = server.url.replace('127.0.0.1', 'localhost')
        const own = { cookieJar, ...(scheme === 'wss' && { tls: { ca: authority.cert } }) }
        const shake = async (): Promise<{ socket: WebSocket; sent: string[] }> => {
          const socket = loopback.socket(url, own)
          const peer = await server.accept()
          await peer.accept(`Set-Cookie: ${cookie}`)
          await next(socket, 'open')
          return { socket, sent: peer.request.values('cookie') }
        }
        const documentCookie = (): Promise<string> =>
          cookieJar.getCookieString(url.replace('ws', 'http'), { http: false })
        return { cookieJar, shake, documentCookie, start: () => loopback.socket(url, own), server }
      }

      it('001: a cookie of the document is in the request', async () => {
        const { respond, echoed } = await page()
        await respond('ws_test=test; Path=/')
        expect(await echoed()).to.equal('ws_test=test')
      })

      it('002: a cookie that the response sets is one of the document', async () => {
        const { shake, documentCookie } = await settingPage('ws_test=test; Path=/')
        await shake()
        expect(await documentCookie()).to.equal('ws_test=test')
      })

      it('003: a cookie that is HttpOnly is in the request', async () => {
        const { respond, echoed, documentCookie } = await page()
        await respond('ws_test=test; Path=/; HttpOnly')
        expect(await echoed()).to.equal('ws_test=test')
        expect(await documentCookie()).to.equal('')
      })

      it('004: a cookie that the response sets as HttpOnly is none of the document', async () => {
        const { shake, documentCookie } = await settingPage('ws_test=test; Path=/; HttpOnly')
        await shake()
        expect(await documentCookie()).to.equal('')
      })

      it('005: it is in the next request', async () => {
        const { shake } = await settingPage('ws_test=test; Path=/; HttpOnly')
        expect((await shake()).sent).to.deep.equal([])
        expect((await shake()).sent).to.deep.equal(['ws_test=test'])
      })

      it('006: a cookie that is Secure is in the request over TLS alone', async () => {
        const { cookieJar, base, echoed } = await page()
        await cookieJar.setCookie('ws_test=test; Path=/; Secure', base.replace(/^https?/, 'https'))
        expect(await echoed()).to.equal(scheme === 'wss' ? 'ws_test=test' : '')
      })

      it('007: a cookie of the response is there at the open event, and not while the script still runs', async () => {
        const { start, server, documentCookie, cookieJar } = await settingPage('ws_test=test; Path=/')
        const socket = start()
        expect(cookieJar.getCookiesSync(socket.url.replace('ws', 'http'))).to.deep.equal([])
        const opened = new Promise<string>(resolve => {
          socket.onopen = () => resolve(cookieJar.getCookieStringSync(socket.url.replace('ws', 'http')))
        })
        await (await server.accept()).accept('Set-Cookie: ws_test=test; Path=/')
        expect(await opened).to.equal('ws_test=test')
        expect(await documentCookie()).to.equal('ws_test=test')
      })

      it('cross-origin: a cookie for another site is neither stored nor sent', async () => {
        const { shake, cookieJar } = await settingPage('ws_test=test; Path=/; Domain=other.example')
        await shake()
        expect((await shake()).sent).to.deep.equal([])
        expect(await cookieJar.getCookieString('https://other.example/')).to.equal('')
      })
    })
  }
})
