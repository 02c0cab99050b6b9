import { hostname } from 'node:os'
import { expect } from 'chai'
import { configured, terminate, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { expectTypeError, withProperty } from '../support/expect.ts'
import type { RawRequest } from '../support/raw-server.ts'
import { useLoopback } from '../support/ws-server.ts'

/** What Fetch sends with every request, HTTP-network-or-cache fetch: https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch */
describe('Default header fields', () => {
  const loopback = useLoopback()

  async function requestOf(options?: WebSocketOptions, credentials = ''): Promise<RawRequest> {
    const server = await loopback.serveRaw()
    loopback.socket(server.url.replace('//', `//${credentials}`), options)
    return (await server.accept()).request
  }

  async function userAgentWith(navigator: unknown): Promise<string[]> {
    return await withProperty(globalThis, 'navigator', navigator, async () => (await requestOf()).values('user-agent'))
  }

  const own = (globalThis as { navigator?: { userAgent: string } }).navigator?.userAgent ?? 'whatwg-websocket'

  it('are User-Agent, Pragma and Cache-Control, once each', async () => {
    const request = await requestOf()
    expect(request.values('user-agent')).to.deep.equal([own])
    expect(request.values('pragma')).to.deep.equal(['no-cache'])
    expect(request.values('cache-control')).to.deep.equal(['no-cache'])
  })

  it('are those of a WebSocketStream, too', async () => {
    const server = await loopback.serveRaw()
    const open = async (options?: WebSocketOptions): Promise<RawRequest> => {
      const stream = new WebSocketStream(server.url, options as object)
      loopback.afterwards(() => terminate(stream))
      stream.opened.catch(() => {})
      stream.closed.catch(() => {})
      const peer = await server.accept()
      await peer.accept()
      return peer.request
    }
    const request = await open()
    expect(request.values('user-agent')).to.deep.equal([own])
    expect(request.values('pragma')).to.deep.equal(['no-cache'])
    const changed = await open({ headers: { 'user-agent': 'mine', Pragma: null } })
    expect(changed.values('user-agent')).to.deep.equal(['mine'])
    expect(changed.values('pragma')).to.deep.equal([])
    expect(changed.values('cache-control')).to.deep.equal(['no-cache'])
  })

  it('do not tell the name of the machine', async () => {
    const { fields } = await requestOf()
    const text = fields.map(([name, value]) => (name.toLowerCase() === 'host' ? '' : value)).join('\n')
    expect(text).not.to.contain(hostname())
  })

  describe('User-Agent', () => {
    it('is navigator.userAgent', async () => {
      expect(await userAgentWith({ userAgent: 'Browser/1 (like others)' })).to.deep.equal(['Browser/1 (like others)'])
    })

    it('is the name of this package where navigator.userAgent is nothing to send', async () => {
      for (const userAgent of [undefined, null, 5, '', 'a\r\nX-Evil: b', 'a\0', '\u20ac', { toString: () => 'x' }]) {
        expect(await userAgentWith({ userAgent })).to.deep.equal(['whatwg-websocket'])
      }
      for (const navigator of [undefined, null, 'text']) {
        expect(await userAgentWith(navigator)).to.deep.equal(['whatwg-websocket'])
      }
    })
  })

  const names = ['User-Agent', 'Pragma', 'Cache-Control']
  for (const name of names) {
    describe(`${name} in headers`, () => {
      const lower = name.toLowerCase()
      const forms = (value: string | null): WebSocketOptions[] => [
        { headers: { [name]: value } },
        { headers: { [lower]: value } },
        { headers: [[name.toUpperCase(), value]] },
        { headers: new Map([[name, value]]) },
      ]

      it('takes the place of the default, whatever its case and form', async () => {
        for (const options of forms('own')) expect((await requestOf(options)).values(lower)).to.deep.equal(['own'])
        expect((await requestOf({ headers: { [name]: '' } })).values(lower)).to.deep.equal([''])
      })

      it('removes it with null, and leaves the others', async () => {
        for (const options of forms(null)) {
          const request = await requestOf(options)
          expect(request.values(lower)).to.deep.equal([])
          for (const other of names.filter(one => one !== name)) {
            expect(request.values(other.toLowerCase())).to.have.lengthOf(1)
          }
        }
      })

      it('leaves it with undefined', async () => {
        for (const headers of [{ [name]: undefined }, [[name, undefined] as const]]) {
          expect((await requestOf({ headers })).values(lower)).to.deep.equal([name === 'User-Agent' ? own : 'no-cache'])
        }
      })
    })
  }

  describe('undefined and null', () => {
    it('make any field absent', async () => {
      const headers = { 'X-A': undefined, 'X-B': null, 'X-C': 'c', 'X-D': ['d', undefined, null, 'e'] as string[] }
      const { fields } = await requestOf({ headers })
      expect(fields.filter(([name]) => name.startsWith('X-'))).to.deep.equal([
        ['X-C', 'c'],
        ['X-D', 'd'],
        ['X-D', 'e'],
      ])
    })

    it('removes the Origin of the location and the credentials of the URL with null', async () => {
      await withProperty(globalThis, 'location', new URL('https://page.test/'), async () => {
        expect((await requestOf()).values('origin')).to.deep.equal(['https://page.test'])
        expect((await requestOf({ headers: { origin: undefined } })).values('origin')).to.have.lengthOf(1)
        expect((await requestOf({ headers: { origin: null } })).values('origin')).to.deep.equal([])
      })
      expect((await requestOf({}, 'user:pass@')).values('authorization')).to.have.lengthOf(1)
      const headers = { authorization: null }
      expect((await requestOf({ headers }, 'user:pass@')).values('authorization')).to.deep.equal([])
    })

    it('cannot remove Host, without which a request is none, nor a field of the handshake', async () => {
      expect((await requestOf({ headers: { Host: null } })).values('host')).to.have.lengthOf(1)
      expectTypeError(() => loopback.socket('ws://host.test/', { headers: { Upgrade: null } }))
      expect((await requestOf({ headers: { Upgrade: undefined } })).values('upgrade')).to.deep.equal(['websocket'])
    })
  })

  it('are changed for all sockets by configured(), and back for one', async () => {
    const server = await loopback.serveRaw()
    const Configured = configured({ headers: { 'User-Agent': 'mine', Pragma: null, 'X-Token': 'secret' } })
    const request = async (options?: WebSocketOptions): Promise<RawRequest> => {
      const socket = loopback.track(new Configured(server.url, options))
      const peer = await server.accept()
      await peer.accept()
      await new Promise(resolve => socket.addEventListener('open', resolve))
      return peer.request
    }
    const first = await request()
    expect(first.values('user-agent')).to.deep.equal(['mine'])
    expect(first.values('pragma')).to.deep.equal([])
    expect(first.values('x-token')).to.deep.equal(['secret'])
    const second = await request({ headers: { 'user-agent': null, pragma: 'other', 'x-token': null } })
    expect(second.values('user-agent')).to.deep.equal([])
    expect(second.values('pragma')).to.deep.equal(['other'])
    expect(second.values('x-token')).to.deep.equal([])
    const third = await request({ headers: { 'user-agent': undefined, 'X-Token': undefined } })
    expect(third.values('user-agent')).to.deep.equal(['mine'])
    expect(third.values('x-token')).to.deep.equal(['secret'])
  })
})
