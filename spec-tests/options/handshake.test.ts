import { getEventListeners } from 'node:events'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, ping, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { withProperty } from '../support/expect.ts'
import { gone, next, record, useLoopback } from '../support/ws-server.ts'

const FAILED = ['error', 'close 1006 unclean']

describe('Options of the opening handshake', () => {
  const loopback = useLoopback()

  /** The fields of the request that a socket with these options sends, as they stand on the wire. */
  async function fieldsOf(options: WebSocketOptions, credentials = ''): Promise<[string, string][]> {
    const server = await loopback.serveRaw()
    loopback.socket(server.url.replace('//', `//${credentials}`), options)
    const peer = await server.accept()
    return peer.request.fields.map(([name, value]) => [name, value])
  }

  async function valuesOf(name: string, options: WebSocketOptions, credentials = ''): Promise<string[]> {
    const fields = await fieldsOf(options, credentials)
    return fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  }

  describe('headers', () => {
    const pairs = (fields: [string, string][]): [string, string][] => fields.filter(([name]) => /^x-/i.test(name))

    it('are sent as they are given: record, pairs, Headers, Map', async () => {
      expect(pairs(await fieldsOf({ headers: { 'X-One': '1', 'x-two': ['2', 'two'] } }))).to.deep.equal([
        ['X-One', '1'],
        ['x-two', '2'],
        ['x-two', 'two'],
      ])
      const list = [
        ['X-b', '1'],
        ['x-A', '2'],
        ['X-b', '3'],
      ] as const
      expect(pairs(await fieldsOf({ headers: list }))).to.deep.equal(list)
      expect(pairs(await fieldsOf({ headers: new Headers([['x-one', '1']]) }))).to.deep.equal([['x-one', '1']])
      expect(pairs(await fieldsOf({ headers: new Map([['x-one', '1']]) }))).to.deep.equal([['x-one', '1']])
    })

    it('have no whitespace around their values, may be empty, and are Latin-1', async () => {
      const headers = { 'x-space': ' \ta b\t ', 'x-empty': '', 'x-latin': 'é\xff', 'x-number': 5 as unknown as string }
      expect(pairs(await fieldsOf({ headers }))).to.deep.equal([
        ['x-space', 'a b'],
        ['x-empty', ''],
        ['x-latin', 'é\xff'],
        ['x-number', '5'],
      ])
    })

    it('leave those of the handshake as they are', async () => {
      const server = await loopback.serveRaw()
      loopback.socket(server.url, { headers: { 'x-one': '1' } })
      const { request } = await server.accept()
      expect(request.values('upgrade')).to.deep.equal(['websocket'])
      expect(request.values('connection')).to.deep.equal(['Upgrade'])
      expect(request.values('sec-websocket-version')).to.deep.equal(['13'])
      expect(request.values('sec-websocket-key')).to.have.lengthOf(1)
      expect(request.values('host')).to.deep.equal([`127.0.0.1:${server.port}`])
    })

    it('can set Host, in place of ours', async () => {
      expect(await valuesOf('host', { headers: { Host: 'virtual.test' } })).to.deep.equal(['virtual.test'])
      expect(await valuesOf('host', { headers: { host: 'virtual.test:81' } })).to.deep.equal(['virtual.test:81'])
    })

    it('can set Origin, in place of ours', async () => {
      const headers = { Origin: 'https://header.test' }
      expect(await valuesOf('origin', { headers })).to.deep.equal(['https://header.test'])
      await withProperty(globalThis, 'location', new URL('https://page.test/'), async () => {
        expect(await valuesOf('origin', { headers })).to.deep.equal(['https://header.test'])
      })
    })

    it('can set cookies and whatever else is no field of the handshake', async () => {
      const headers = { Cookie: 'a=b; c=d', 'User-Agent': 'test', Authorization: 'Bearer token' }
      const fields = await fieldsOf({ headers })
      for (const field of Object.entries(headers)) expect(fields).to.deep.include(field)
    })
  })

  describe('origin', () => {
    it('is sent as it is', async () => {
      expect(await valuesOf('origin', { origin: 'https://own.test' })).to.deep.equal(['https://own.test'])
      expect(await valuesOf('origin', { origin: 'null' })).to.deep.equal(['null'])
      expect(await valuesOf('origin', {})).to.deep.equal([])
    })
  })

  describe('credentials of the URL', () => {
    const basic = (text: string): string[] => [`Basic ${Buffer.from(text).toString('base64')}`]

    it('are sent as basic authorization, percent-decoded, and not in the request target', async () => {
      expect(await valuesOf('authorization', {}, 'user:pass@')).to.deep.equal(basic('user:pass'))
      expect(await valuesOf('authorization', {}, 'us%20er:p%3Aa%2Fss@')).to.deep.equal(basic('us er:p:a/ss'))
      expect(await valuesOf('authorization', {}, 'üser:pä%C3%9F@')).to.deep.equal(basic('üser:päß'))
      expect(await valuesOf('authorization', {}, '100%:%zz@')).to.deep.equal(basic('100%:%zz'))
      const server = await loopback.serveRaw()
      loopback.socket(`ws://user:pass@127.0.0.1:${server.port}/path`)
      const { request } = await server.accept()
      expect(request.target).to.equal('/path')
      expect(request.values('host')).to.deep.equal([`127.0.0.1:${server.port}`])
    })

    it('may be a name or a password alone', async () => {
      expect(await valuesOf('authorization', {}, 'user@')).to.deep.equal(basic('user:'))
      expect(await valuesOf('authorization', {}, ':pass@')).to.deep.equal(basic(':pass'))
      expect(await valuesOf('authorization', {}, ':@')).to.deep.equal([])
      expect(await valuesOf('authorization', {})).to.deep.equal([])
    })

    it('make way for an Authorization of the caller', async () => {
      const headers = { authorization: 'Bearer token' }
      expect(await valuesOf('authorization', { headers }, 'user:pass@')).to.deep.equal(['Bearer token'])
    })
  })

  describe('signal', () => {
    const reason = new Error('enough')

    function expectAborted(socket: WebSocket, events: string[]): void {
      expect(events).to.deep.equal(FAILED)
      expect(failure(socket)!.code).to.equal('WS_ERR_ABORTED')
      expect(failure(socket)!.cause).to.equal(reason)
    }

    it('that is aborted already fails the connection before any is made', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, { signal: AbortSignal.abort(reason) })
      expect(socket.readyState).to.equal(WebSocket.CONNECTING)
      const events = record(socket)
      await next(socket, 'close')
      expectAborted(socket, events)
      loopback.socket(server.url)
      await server.accept()
      expect(server.accepted).to.equal(1)
    })

    it('fails the connection before it looks up the name', async () => {
      const server = await loopback.serve()
      const controller = new AbortController()
      const socket = loopback.socket(`ws://localhost:${server.port}/`, { signal: controller.signal })
      const events = record(socket)
      controller.abort(reason)
      expect(events).to.deep.equal([])
      await next(socket, 'close')
      expectAborted(socket, events)
    })

    it('fails the connection that waits for its transport', async () => {
      const controller = new AbortController()
      const socket = loopback.socket('ws://host.test/', {
        signal: controller.signal,
        connect: () => new Promise(() => {}),
      })
      const events = record(socket)
      await turn()
      controller.abort(reason)
      await next(socket, 'close')
      expectAborted(socket, events)
    })

    it('fails the connection that waits for another one', async () => {
      const server = await loopback.serveRaw()
      loopback.socket(server.url)
      await server.accept()
      const controller = new AbortController()
      const socket = loopback.socket(server.url, { signal: controller.signal })
      const events = record(socket)
      await turn()
      controller.abort(reason)
      await next(socket, 'close')
      expectAborted(socket, events)
      expect(server.accepted).to.equal(1)
    })

    it('fails the connection that waits for the answer of the server, and drops it', async () => {
      const server = await loopback.serveRaw()
      const controller = new AbortController()
      const socket = loopback.socket(server.url, { signal: controller.signal })
      const events = record(socket)
      const peer = await server.accept()
      await peer.write('HTTP/1.1 101 Switching Pro')
      controller.abort(reason)
      await next(socket, 'close')
      expectAborted(socket, events)
      await gone(peer)
    })

    it('fails with the reason that the signal has by itself', async () => {
      const controller = new AbortController()
      const socket = loopback.socket('ws://host.test/', {
        signal: controller.signal,
        connect: () => new Promise(() => {}),
      })
      controller.abort()
      await next(socket, 'close')
      expect(failure(socket)!.cause).to.have.property('name', 'AbortError')
    })

    it('leaves an open connection as it is', async () => {
      const server = await loopback.serve()
      const controller = new AbortController()
      const socket = await loopback.open(server.url, { signal: controller.signal })
      const peer = await server.accept()
      controller.abort(reason)
      peer.socket.send('still here')
      expect((await next(socket, 'message')).data).to.equal('still here')
      socket.close()
      expect((await next(socket, 'close')).wasClean).to.equal(true)
      expect(failure(socket)).to.equal(undefined)
    })

    it('is let go of once the connection is open, or has failed', async () => {
      const server = await loopback.serve()
      const { signal } = new AbortController()
      const socket = loopback.socket(server.url, { signal })
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(1)
      await next(socket, 'open')
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(0)
      const failing = loopback.socket('ws://host.test/', { signal, connect: () => Promise.reject(reason) })
      await next(failing, 'close')
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(0)
    })

    it('can be the one of several sockets', async () => {
      const controller = new AbortController()
      const options: WebSocketOptions = { signal: controller.signal, connect: () => new Promise(() => {}) }
      const sockets = [1, 2, 3].map(number => loopback.socket(`ws://host-${number}.test/`, options))
      const closed = sockets.map(socket => next(socket, 'close'))
      controller.abort(reason)
      await Promise.all(closed)
      for (const socket of sockets) expectAborted(socket, FAILED)
    })
  })

  describe('handshakeTimeout', () => {
    /** Long enough for a handshake with a server that answers, on a busy machine too. */
    const TIMEOUT = 200

    async function expectTimeout(socket: WebSocket): Promise<void> {
      const events = record(socket)
      await next(socket, 'close')
      expect(events).to.deep.equal(FAILED)
      expect(failure(socket)!.code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
      expect(failure(socket)!.message).to.contain(` ${TIMEOUT} ms`)
    }

    it('fails the connection whose transport does not come', async () => {
      const aborted: unknown[] = []
      const socket = loopback.socket('ws://host.test/', {
        handshakeTimeout: TIMEOUT,
        connect: ({ signal }) => new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason))),
      })
      await expectTimeout(socket)
      expect(aborted).to.deep.equal([failure(socket)])
    })

    it('fails the connection that the server does not answer, and drops it', async () => {
      const server = await loopback.serveRaw()
      const timeout = expectTimeout(loopback.socket(server.url, { handshakeTimeout: TIMEOUT }))
      const peer = await server.accept()
      await timeout
      await gone(peer)
    })

    it('fails the connection that the server answers too slowly', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, { handshakeTimeout: TIMEOUT })
      const timeout = expectTimeout(socket)
      const peer = await server.accept()
      await peer.write('HTTP/1.1 101 Switching Protocols\r\n')
      while (socket.readyState === WebSocket.CONNECTING) {
        await peer.write('x-more: and more\r\n').catch(() => {})
        // All of them together are to be less than a head may have.
        await delay(TIMEOUT / 20)
      }
      await timeout
    })

    it('fails the TLS handshake that the server does not take part in', async () => {
      const server = await loopback.serveRaw()
      await expectTimeout(loopback.socket(server.url.replace('ws:', 'wss:'), { handshakeTimeout: TIMEOUT }))
    })

    it('has nothing to do with the connection once it is open', async () => {
      const server = await loopback.serve()
      const deaf = await loopback.serveRaw()
      const socket = await loopback.open(server.url, { handshakeTimeout: TIMEOUT })
      // A later timeout of the same length has passed.
      await expectTimeout(loopback.socket(deaf.url, { handshakeTimeout: TIMEOUT }))
      await ping(socket)
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('does not run while another connection to that server is being opened', async () => {
      const server = await loopback.serveRaw()
      const first = loopback.socket(server.url)
      const peer = await server.accept()
      const second = loopback.socket(server.url, { handshakeTimeout: TIMEOUT })
      const deaf = await loopback.serveRaw()
      await expectTimeout(loopback.socket(deaf.url, { handshakeTimeout: TIMEOUT }))
      expect(second.readyState).to.equal(WebSocket.CONNECTING)
      await peer.accept()
      await next(first, 'open')
      await (await server.accept()).accept()
      await next(second, 'open')
    })

    it('is none if it is 0', async () => {
      const servers = [await loopback.serveRaw(), await loopback.serveRaw()]
      const socket = loopback.socket(servers[0]!.url, { handshakeTimeout: 0 })
      await expectTimeout(loopback.socket(servers[1]!.url, { handshakeTimeout: TIMEOUT }))
      expect(socket.readyState).to.equal(WebSocket.CONNECTING)
      await (await servers[0]!.accept()).accept()
      await next(socket, 'open')
    })
  })
})
