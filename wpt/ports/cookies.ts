import type { Cookies, Port, Socket, Variant } from '../port.ts'
import * as assert from './support/assert.ts'
import { type Act, everyVariant, overHttp1, plainOnly, type Stage, windowOnly } from './support/stage.ts'

/** The cookie of the tests; the handlers of the server make its name from the query. */
const COOKIE = 'ws_test_id=test'
/** A host that is another site than the page's. */
const ELSEWHERE = 'www'

interface Page extends Stage {
  readonly cookies: Cookies
}

function cookiePort(
  upstream: string,
  variants: readonly Variant[],
  acts: Record<string, (page: Page) => unknown>,
): Port {
  const staged = Object.entries(acts).map(([title, act]): [string, Act] => [
    title,
    async stage => {
      const { cookies = assert.fail('there is no store of cookies') } = stage.t
      await act(Object.assign(stage, { cookies }))
    },
  ])
  return { ...windowOnly(upstream, variants, Object.fromEntries(staged)), takesCookies: true }
}

/** The next event of a type; an error is a failure. */
function next(socket: Socket, type: 'open' | 'message'): Promise<Event> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(type, resolve)
    socket.addEventListener('error', () => reject(new Error(`an error, and no ${type} event`)))
  })
}

/** Has the response to a handshake set the cookie. */
async function setBySocket(page: Page, handler: string, subdomain?: string): Promise<void> {
  const parts = subdomain === undefined ? {} : { subdomain }
  await next(page.construct(page.url(`/${handler}?id`, parts)), 'open')
}

/** The Cookie field of a handshake; `(none)` if there is none. */
async function sentBySocket(page: Page, subdomain?: string): Promise<unknown> {
  const parts = subdomain === undefined ? {} : { subdomain }
  const event = await next(page.construct(page.url('/echo-cookie', parts)), 'message')
  return (event as MessageEvent).data
}

/** The ports of `cookies/`. */
export const ports: readonly Port[] = [
  cookiePort('cookies/001.html', everyVariant, {
    'a cookie of the document is in the handshake': async page => {
      await page.cookies.setInDocument(`${COOKIE}; Path=/`)
      assert.equal(await sentBySocket(page), COOKIE)
    },
  }),

  cookiePort('cookies/002.html', everyVariant, {
    'a cookie of the response is one of the document': async page => {
      await setBySocket(page, 'set-cookie')
      assert.equal(page.cookies.ofDocument(), COOKIE)
    },
  }),

  cookiePort('cookies/003.html', everyVariant, {
    'a cookie that is HttpOnly is in the handshake': async page => {
      await page.cookies.load(`${COOKIE}; Path=/; HttpOnly`)
      assert.equal(page.cookies.ofDocument(), '')
      assert.equal(await sentBySocket(page), COOKIE)
    },
  }),

  cookiePort('cookies/004.html', overHttp1, {
    'a cookie of the response that is HttpOnly is none of the document': async page => {
      await setBySocket(page, 'set-cookie_http')
      assert.equal(page.cookies.ofDocument(), '')
    },
  }),

  cookiePort('cookies/005.html', overHttp1, {
    'a cookie of the response that is HttpOnly is in the next handshake': async page => {
      assert.equal(await sentBySocket(page), '(none)')
      await setBySocket(page, 'set-cookie_http')
      assert.equal(await sentBySocket(page), COOKIE)
    },
  }),

  cookiePort('cookies/006.html', everyVariant, {
    'a cookie that is Secure is in the handshake over TLS alone': async page => {
      await page.cookies.load(`${COOKIE}; Path=/; Secure`)
      assert.equal(await sentBySocket(page), page.t.variant === 'ws' ? '(none)' : COOKIE)
    },
    'a cookie of the response that is Secure is kept over TLS alone': async page => {
      await setBySocket(page, 'set-cookie-secure')
      assert.equal(page.cookies.ofDocument(), page.t.variant === 'ws' ? '' : COOKIE)
    },
  }),

  cookiePort('cookies/007.html', everyVariant, {
    'a cookie of the response is there at the open event, and not while the script runs': async page => {
      const socket = page.socket('/set-cookie?id')
      assert.equal(page.cookies.ofDocument(), '')
      const opened = next(socket, 'open').then(() => page.cookies.ofDocument())
      assert.equal(await opened, COOKIE)
    },
  }),

  cookiePort('cookies/cross-origin-cookie-set.html', plainOnly, {
    'a cookie that another host sets is sent there, and nowhere else': async page => {
      await setBySocket(page, 'set-cookie', ELSEWHERE)
      assert.equal(await sentBySocket(page, ELSEWHERE), COOKIE)
      assert.equal(await sentBySocket(page), '(none)')
      assert.equal(page.cookies.ofDocument(), '')
    },
  }),

  cookiePort('cookies/third-party-cookie-accepted.https.html', ['wss'], {
    'a cookie that another host sets is one of its documents': async page => {
      await setBySocket(page, 'set-cookie-secure', ELSEWHERE)
      assert.equal(page.cookies.ofDocument(ELSEWHERE), COOKIE)
      assert.equal(page.cookies.ofDocument(), '')
    },
  }),
]
