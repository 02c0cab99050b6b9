import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, withProperty } from '../support/expect.ts'
import { useLoopback } from '../support/ws-server.ts'

// The argument types do not allow what these tests give.
const Untyped = WebSocket as unknown as new (...args: unknown[]) => WebSocket

/** https://websockets.spec.whatwg.org/#dom-websocket-websocket */
describe('WHATWG WebSocket constructor', () => {
  const loopback = useLoopback()

  /** A socket that never connects. */
  function idle(url: unknown, options: object = {}): WebSocket {
    return loopback.track(new Untyped(url, { connect: () => new Promise(() => {}), ...options }))
  }

  describe('URL', () => {
    it('keeps ws and wss, and makes http and https them', () => {
      expect(idle('ws://host.test/a').url).to.equal('ws://host.test/a')
      expect(idle('wss://host.test/a').url).to.equal('wss://host.test/a')
      expect(idle('http://host.test/a').url).to.equal('ws://host.test/a')
      expect(idle('https://host.test/a').url).to.equal('wss://host.test/a')
    })

    it('connects to an http URL', async () => {
      const server = await loopback.serve()
      const socket = await loopback.open(`http://127.0.0.1:${server.port}/path`)
      expect(socket.url).to.equal(`ws://127.0.0.1:${server.port}/path`)
      expect((await server.accept()).request.url).to.equal('/path')
    })

    it('serializes as URLs do', () => {
      expect(idle('WS://HOST.test').url).to.equal('ws://host.test/')
      expect(idle('ws://host.test:80/').url).to.equal('ws://host.test/')
      expect(idle('wss://host.test:443/').url).to.equal('wss://host.test/')
      expect(idle('ws://host.test:443/').url).to.equal('ws://host.test:443/')
      expect(idle('https://host.test:443/').url).to.equal('wss://host.test/')
      expect(idle('http://host.test:443/').url).to.equal('ws://host.test:443/')
      expect(idle('ws://bücher.test/ä?ö').url).to.equal('ws://xn--bcher-kva.test/%C3%A4?%C3%B6')
      expect(idle('ws://host.test/a/../b?c=d?e').url).to.equal('ws://host.test/b?c=d?e')
      expect(idle('ws://[::0:1]:81/').url).to.equal('ws://[::1]:81/')
      expect(idle('ws://host.test/%23').url).to.equal('ws://host.test/%23')
      expect(idle('  ws://host.test/\n').url).to.equal('ws://host.test/')
    })

    it('asks for path and query, percent-encoded', async () => {
      const server = await loopback.serve()
      await loopback.open(`ws://127.0.0.1:${server.port}/ä b/?q=ü&r`)
      expect((await server.accept()).request.url).to.equal('/%C3%A4%20b/?q=%C3%BC&r')
    })

    it('keeps credentials in url', () => {
      expect(idle('ws://user:pass%20word@host.test/').url).to.equal('ws://user:pass%20word@host.test/')
    })

    it('takes a URL object, and whatever else makes a string', () => {
      expect(idle(new URL('ws://host.test/object')).url).to.equal('ws://host.test/object')
      expect(idle({ toString: () => 'ws://host.test/stringified' }).url).to.equal('ws://host.test/stringified')
      expect(idle(['ws://host.test/list']).url).to.equal('ws://host.test/list')
    })

    it('takes a lone surrogate for U+FFFD', () => {
      expect(idle('ws://host.test/\ud800').url).to.equal('ws://host.test/%EF%BF%BD')
    })

    for (const url of [
      '',
      'host.test',
      '/path',
      'ws://',
      'ws:',
      'ws://a b/',
      'ws://host:65536/',
      'ws://[::1/',
      'ws//host',
    ]) {
      it(`throws a SyntaxError for ${JSON.stringify(url)}`, () => {
        expectDOMException(() => new WebSocket(url), 'SyntaxError')
      })
    }

    for (const scheme of ['ftp', 'file', 'wsss', 'httpx', 'mailto', 'about', 'data', 'javascript', 'ws+tcp']) {
      it(`throws a SyntaxError for the scheme ${scheme}`, () => {
        expectDOMException(() => new WebSocket(`${scheme}://host.test/`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}:path`), 'SyntaxError')
      })
    }

    it('throws a SyntaxError for any fragment, even an empty one', () => {
      for (const scheme of ['ws', 'wss', 'http', 'https']) {
        expectDOMException(() => new WebSocket(`${scheme}://host.test/#fragment`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}://host.test/#`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}://host.test/?query#`), 'SyntaxError')
        expectDOMException(() => new WebSocket(new URL(`${scheme}://host.test/#`)), 'SyntaxError')
      }
    })

    it('says in its messages what is wrong', () => {
      expect(expectDOMException(() => new WebSocket('nowhere'), 'SyntaxError').message).to.contain('nowhere')
      expect(expectDOMException(() => new WebSocket('ftp://host.test/'), 'SyntaxError').message).to.contain('ftp:')
      expect(expectDOMException(() => new WebSocket('ws://host.test/#'), 'SyntaxError').message).to.match(/fragment/)
    })
  })

  describe('base URL', () => {
    it('resolves against the option baseURL', () => {
      expect(idle('chat', { baseURL: 'ws://host.test/a/b' }).url).to.equal('ws://host.test/a/chat')
      expect(idle('/chat', { baseURL: 'https://host.test/a/b' }).url).to.equal('wss://host.test/chat')
      expect(idle('?q', { baseURL: 'http://host.test:81/a/b' }).url).to.equal('ws://host.test:81/a/b?q')
      expect(idle('//other.test/', { baseURL: new URL('https://host.test/') }).url).to.equal('wss://other.test/')
      expect(idle('', { baseURL: 'ws://host.test/a#fragment' }).url).to.equal('ws://host.test/a')
      expect(idle('ws://other.test/', { baseURL: 'https://host.test/' }).url).to.equal('ws://other.test/')
    })

    it('stringifies null and numbers, as relative URLs', () => {
      expect(idle(null, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/null')
      expect(idle(undefined, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/undefined')
      expect(idle(7, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/7')
    })

    it('throws where the base leads to another scheme, or the URL has a fragment', () => {
      expectDOMException(() => idle('chat', { baseURL: 'ftp://host.test/' }), 'SyntaxError')
      expectDOMException(() => idle('#', { baseURL: 'ws://host.test/' }), 'SyntaxError')
      expectDOMException(() => idle('chat', { baseURL: 'about:blank' }), 'SyntaxError')
    })

    it('is the one of globalThis.location where there is one, but for the option', async () => {
      await withProperty(globalThis, 'location', new URL('https://page.test/dir/page'), () => {
        expect(idle('chat').url).to.equal('wss://page.test/dir/chat')
        expect(idle('/chat', { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/chat')
        expect(idle('ws://other.test/').url).to.equal('ws://other.test/')
        expectDOMException(() => new WebSocket('#'), 'SyntaxError')
      })
    })

    it('need not be one for an absolute URL', async () => {
      await withProperty(globalThis, 'location', { href: 'about:blank', origin: 'null' }, () => {
        expect(idle('ws://host.test/').url).to.equal('ws://host.test/')
        expectDOMException(() => new WebSocket('/relative'), 'SyntaxError')
      })
    })

    it('sends the origin of globalThis.location, the option before it, and none without both', async () => {
      const server = await loopback.serve()
      await withProperty(globalThis, 'location', new URL('https://page.test:8443/dir/page?query'), async () => {
        await loopback.open(server.url)
        expect((await server.accept()).request.headers.origin).to.equal('https://page.test:8443')
        await loopback.open(server.url, { origin: 'https://own.test' })
        expect((await server.accept()).request.headers.origin).to.equal('https://own.test')
      })
      await loopback.open(server.url)
      expect((await server.accept()).request.headers).not.to.have.property('origin')
    })
  })

  describe('protocols', () => {
    /** The Sec-WebSocket-Protocol field for that argument; the server takes the first. */
    async function requested(...args: unknown[]): Promise<string | undefined> {
      const server = await loopback.serve()
      const socket = loopback.track(new Untyped(server.url, ...args))
      const { request } = await server.accept()
      const field = request.headers['sec-websocket-protocol']
      await new Promise(resolve => socket.addEventListener('open', resolve))
      expect(socket.protocol).to.equal(field === undefined ? '' : field.split(', ')[0])
      return field
    }

    it('are none for no argument, undefined and an empty list', async () => {
      expect(await requested()).to.equal(undefined)
      expect(await requested(undefined)).to.equal(undefined)
      expect(await requested([])).to.equal(undefined)
      expect(await requested(new Set())).to.equal(undefined)
    })

    it('are one for a string and for what becomes one', async () => {
      expect(await requested('chat')).to.equal('chat')
      expect(await requested(false)).to.equal('false')
      expect(await requested(13)).to.equal('13')
    })

    it('are several for a list and any other iterable, joined by comma and space', async () => {
      expect(await requested(['chat'])).to.equal('chat')
      expect(await requested(['chat', 'superchat', 'v1.x~y'])).to.equal('chat, superchat, v1.x~y')
      expect(await requested(new Set(['b', 'a']))).to.equal('b, a')
      expect(
        await requested(
          (function* () {
            yield 'one'
            yield 'two'
          })(),
        ),
      ).to.equal('one, two')
      expect(await requested([null, 1, { toString: () => 'text' }])).to.equal('null, 1, text')
      // An object, and iterable: the IDL makes it a sequence.
      expect(await requested(new String('xyz'))).to.equal('x, y, z')
      expect(await requested(runInNewContext('["other", "realm"]'))).to.equal('other, realm')
    })

    it('keep their order and their case', async () => {
      expect(await requested(['Z', 'a', 'M'])).to.equal('Z, a, M')
    })

    for (const protocol of [
      '',
      ' ',
      'a b',
      'a,b',
      'a/b',
      'a@b',
      '(a',
      'a)',
      '"a"',
      'a{',
      'a\t',
      'a\r\nb',
      'é',
      '\u0000',
      'a\u007f',
    ]) {
      it(`throw a SyntaxError for ${JSON.stringify(protocol)}`, () => {
        expectDOMException(() => new WebSocket('ws://host.test/', protocol), 'SyntaxError')
        expectDOMException(() => new WebSocket('ws://host.test/', ['fine', protocol]), 'SyntaxError')
        expectDOMException(() => new WebSocket('ws://host.test/', { protocols: protocol }), 'SyntaxError')
      })
    }

    it('throw a SyntaxError if one is repeated, compared without case', () => {
      expectDOMException(() => new WebSocket('ws://host.test/', ['a', 'b', 'a']), 'SyntaxError')
      expectDOMException(() => new WebSocket('ws://host.test/', ['chat', 'CHAT']), 'SyntaxError')
      expectDOMException(() => new WebSocket('ws://host.test/', { protocols: ['x', 'X'] }), 'SyntaxError')
    })

    it('throw a TypeError for a symbol, before anything is looked at', () => {
      expectTypeError(() => new Untyped('ws://host.test/', Symbol('a')))
      expectTypeError(() => new Untyped('ws://host.test/', [Symbol('a')]))
      expectTypeError(() => new Untyped('not a URL', [Symbol('a')]))
    })

    it('pass on what their iterator throws', () => {
      const error = new RangeError('mine')
      const broken = {
        [Symbol.iterator]() {
          throw error
        },
      }
      expect(() => new Untyped('ws://host.test/', broken)).to.throw(error)
    })

    it('are converted after the URL, once each, and checked after it', () => {
      const order: string[] = []
      const url = { toString: () => (order.push('url') > 0 ? 'not a URL' : '') }
      const protocols = ['a', 'b'].map(name => ({ toString: () => (order.push(name) > 0 ? '' : 'never') }))
      expectDOMException(() => new Untyped(url, protocols), 'SyntaxError')
      expect(order).to.deep.equal(['url', 'a', 'b'])
    })
  })

  describe('second argument as options', () => {
    it('is a plain object, one without a prototype, or one of a class', async () => {
      const server = await loopback.serve()
      class Settings {
        protocols = 'from-a-class'
      }
      const bare = Object.assign(Object.create(null), { protocols: ['from-a-bare-object'] })
      expect((await loopback.open(server.url, { protocols: ['plain', 'second'] })).protocol).to.equal('plain')
      expect((await loopback.open(server.url, new Settings())).protocol).to.equal('from-a-class')
      expect((await loopback.open(server.url, bare)).protocol).to.equal('from-a-bare-object')
      expect((await loopback.open(server.url, {})).protocol).to.equal('')
      expect((await loopback.open(server.url, { protocols: [] })).protocol).to.equal('')
    })

    it('is none of it where the object is iterable', async () => {
      const server = await loopback.serve()
      const list = Object.assign(['chat'], { headers: { 'x-header': 'never' } })
      await loopback.open(server.url, list)
      const { request } = await server.accept()
      expect(request.headers['sec-websocket-protocol']).to.equal('chat')
      expect(request.headers).not.to.have.property('x-header')
    })

    it('ignores a third argument that is no object', async () => {
      const server = await loopback.serve()
      for (const third of ['text', 5, true, null, undefined, Symbol('third'), () => {}]) {
        const socket = loopback.track(new Untyped(server.url, ['chat'], third))
        await new Promise(resolve => socket.addEventListener('open', resolve))
        expect(socket.protocol).to.equal('chat')
      }
      expect(idle('ws://host.test/').readyState).to.equal(WebSocket.CONNECTING)
    })
  })

  describe('arguments', () => {
    it('throws a TypeError without any, and without new', () => {
      expectTypeError(() => new Untyped())
      expectTypeError(() => (WebSocket as unknown as (url: string) => void)('ws://host.test/'))
      expectTypeError(() => new Untyped(Symbol('url')))
    })
  })
})
