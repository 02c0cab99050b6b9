import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { failure, handshake, terminate, type WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import type { RawPeer } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

describe('Option cookieJar', () => {
  const loopback = useLoopback()

  /** Makes a handshake that is answered with that status; returns the Cookie fields of the request. */
  async function shakeHands(options: WebSocketOptions, refusal?: string): Promise<string[]> {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(`${server.url}path?query`, options)
    const peer: RawPeer = await server.accept()
    const head = refusal ?? peer.acceptance('Set-Cookie: a=1; Path=/', 'set-cookie: b=2; Secure').toString('latin1')
    const done = refusal === undefined ? next(socket, 'open') : next(socket, 'close')
    await peer.write(head)
    await done
    return peer.request.values('cookie')
  }

  for (const isAsync of [false, true]) {
    it(`is asked, and told, by http URLs (${isAsync ? 'async' : 'sync'})`, async () => {
      const calls: string[] = []
      const told = (result: string) => (isAsync ? Promise.resolve(result) : result)
      const cookieJar = {
        getCookieString(url: string) {
          calls.push(`get ${url.replace(/:\d+/, '')}`)
          return told('own=yes; other="1"') as string
        },
        setCookie(header: string, url: string) {
          calls.push(`set ${header} ${url.replace(/:\d+/, '')}`)
          return told('')
        },
      }
      expect(await shakeHands({ cookieJar })).to.deep.equal(['own=yes; other="1"'])
      const url = 'http://127.0.0.1/path?query'
      expect(calls).to.deep.equal([`get ${url}`, `set a=1; Path=/ ${url}`, `set b=2; Secure ${url}`])
      calls.length = 0
      await shakeHands({ cookieJar }, 'HTTP/1.1 403 No\r\nSet-Cookie: c=3\r\nContent-Length: 0\r\n\r\n')
      expect(calls).to.deep.equal([`get ${url}`, `set c=3 ${url}`])
      calls.length = 0
      await shakeHands({ cookieJar }, 'HTTP/1.1 101 Yes\r\nSet-Cookie: d=4\r\n\r\n')
      expect(calls, 'also by a 101 that is none').to.deep.equal([`get ${url}`, `set d=4 ${url}`])
    })
  }

  it('sends nothing for an empty string, and gives way to a field of the caller', async () => {
    const setCookie = (): void => {}
    expect(await shakeHands({ cookieJar: { getCookieString: () => '', setCookie } })).to.deep.equal([])
    const cookieJar = { getCookieString: () => 'a=1', setCookie }
    expect(await shakeHands({ cookieJar, headers: { cookie: 'own=1' } })).to.deep.equal(['own=1'])
    expect(await shakeHands({ cookieJar, headers: { Cookie: null } })).to.deep.equal([])
  })

  it('may refuse a cookie by what it throws or rejects with', async () => {
    const getCookieString = (): string => ''
    await shakeHands({
      cookieJar: {
        getCookieString,
        setCookie() {
          throw new Error('no cookies')
        },
      },
    })
    await shakeHands({ cookieJar: { getCookieString, setCookie: async () => Promise.reject(new Error('no cookies')) } })
  })

  for (const [name, getCookieString] of [
    ['gives none', () => Promise.reject(new Error('locked'))],
    ['never answers', () => new Promise<string>(() => {})],
  ] as const) {
    it(`that ${name} leaves no connection open`, async () => {
      const server = createServer()
      loopback.afterwards(() => server.close())
      const accepted = once(server.listen(0, '127.0.0.1'), 'connection')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const options = { cookieJar: { getCookieString, setCookie() {} }, handshakeTimeout: 200 }
      const socket = loopback.socket(`ws://127.0.0.1:${port}/`, options)
      const [[connection]] = (await Promise.all([accepted, next(socket, 'close')])) as [[Socket], unknown]
      connection.resume()
      await once(connection, 'close')
      expect(connection.bytesRead).to.equal(0)
    })
  }

  for (const act of ['close', 'terminate', 'abort'] as const) {
    it(`whose setCookie calls ${act} leaves no connection open, and opens no socket`, async () => {
      const server = await loopback.serveRaw()
      const controller = new AbortController()
      const acts = { close: () => socket.close(), terminate: () => terminate(socket), abort: () => controller.abort() }
      const cookieJar = { getCookieString: () => '', setCookie: () => acts[act]() }
      const socket: WebSocket = loopback.socket(server.url, { cookieJar, signal: controller.signal })
      const events: string[] = []
      for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => events.push(type))
      const peer: RawPeer = await server.accept()
      const closed = next(socket, 'close')
      await peer.write(peer.acceptance('Set-Cookie: a=1'))
      await closed
      await peer.ended
      peer.end()
      expect(events).to.deep.equal(['error', 'close'])
    })
  }

  it('that gives none fails the connection, before anything is sent', async () => {
    for (const getCookieString of [
      () => Promise.reject(new Error('locked')),
      () => 'a=1\r\nx-other: 2',
      () => 'a=€',
      () => 5 as unknown as string,
    ]) {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, { cookieJar: { getCookieString, setCookie() {} } })
      await next(socket, 'close')
      expect([failure(socket)!.code, failure(socket)!.step]).to.deep.equal(['WS_ERR_COOKIE_JAR', 'handshake'])
      expect(handshake(socket)).to.equal(undefined)
    }
  })

  it('that gives none is the failure as well where an HTTP client of the program opens the connection', async () => {
    const clients: Record<string, WebSocketOptions> = {
      agent: { agent: new Agent() },
      dispatcher: { dispatcher: { dispatch: () => true } },
      upgrade: { upgrade: () => () => {} },
    }
    for (const [name, options] of Object.entries(clients)) {
      const cookieJar = { getCookieString: () => Promise.reject(new Error('locked')), setCookie() {} }
      const socket = loopback.socket('ws://localhost/', { ...options, cookieJar })
      await next(socket, 'close')
      const { code, cause } = failure(socket)!
      expect([code, (cause as Error).message], name).to.deep.equal(['WS_ERR_COOKIE_JAR', 'locked'])
    }
  })

  it('may take its time, but no more than handshakeTimeout', async () => {
    const server = await loopback.serveRaw()
    const cookieJar = { getCookieString: () => new Promise<string>(() => {}), setCookie() {} }
    const socket = loopback.socket(server.url, { cookieJar, handshakeTimeout: 30 })
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
  })

  it('is called in the context of its socket', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const cookieJar = {
      getCookieString() {
        seen.push(storage.getStore())
        return ''
      },
      setCookie() {
        seen.push(storage.getStore())
      },
    }
    await storage.run('own', () => shakeHands({ cookieJar }))
    expect(seen).to.deep.equal(['own', 'own', 'own'])
  })
})
