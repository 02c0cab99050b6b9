import { getEventListeners } from 'node:events'
import { ReadableStream as HostReadableStream, WritableStream as HostWritableStream } from 'node:stream/web'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import {
  failure,
  handshake,
  install,
  ping,
  ref,
  terminate,
  unref,
  WebSocket,
  WebSocketError,
  WebSocketStream,
} from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, rejectionOf, withProperty } from '../support/expect.ts'
import { expectWebSocketError, stateOf, useStreams } from '../support/streams.ts'
import { gone } from '../support/ws-server.ts'

const Untyped = WebSocketStream as unknown as new (...args: unknown[]) => WebSocketStream

/** https://whatpr.org/websockets/48.html, the interface WebSocketStream, up to the end of the opening handshake */
describe('WebSocketStream, opening', () => {
  const loopback = useStreams()

  it('has an interface as the IDL says', async () => {
    expect(WebSocketStream.length).to.equal(1)
    expect(WebSocketStream.name).to.equal('WebSocketStream')
    expect(WebSocketStream.prototype.close.length).to.equal(0)
    expect(Object.keys(WebSocketStream.prototype)).to.have.members(['url', 'opened', 'closed', 'close'])
    expectTypeError(() => (WebSocketStream as unknown as (url: string) => void)('ws://127.0.0.1'))
    const { stream } = await loopback.streamPair()
    expect(Object.prototype.toString.call(stream)).to.equal('[object WebSocketStream]')
    expect(Object.keys(stream)).to.deep.equal([])
    expect(stream.opened).to.equal(stream.opened)
    expect(stream.closed).to.equal(stream.closed)
  })

  it('works on nothing but itself', async () => {
    const socket = await loopback.open((await loopback.serve()).url)
    for (const value of [undefined, {}, WebSocketStream.prototype, socket]) {
      const get = (name: string) => Object.getOwnPropertyDescriptor(WebSocketStream.prototype, name)!.get!.call(value)
      expectTypeError(() => get('url'))
      expectTypeError(() => WebSocketStream.prototype.close.call(value as never))
      // An attribute that is a promise rejects.
      expect(await rejectionOf(get('opened'))).to.be.an.instanceof(TypeError)
      expect(await rejectionOf(get('closed'))).to.be.an.instanceof(TypeError)
    }
    const { stream } = await loopback.streamPair()
    expectTypeError(() => WebSocket.prototype.close.call(stream as never))
  })

  it('refuses what it cannot take', () => {
    expectTypeError(() => new Untyped())
    expectDOMException(() => new WebSocketStream('invalid:'), 'SyntaxError')
    expectDOMException(() => new WebSocketStream('ws://host/#fragment'), 'SyntaxError')
    const url = 'ws://127.0.0.1:9'
    for (const options of [true, 5, 'x', 1n, Symbol('x')]) expectTypeError(() => new Untyped(url, options))
    for (const protocols of ['chat', 5, null, {}]) expectTypeError(() => new Untyped(url, { protocols }))
    for (const protocols of [[''], ['a b'], ['a', 'b', 'a']]) {
      expectDOMException(() => new WebSocketStream(url, { protocols }), 'SyntaxError')
    }
    expectTypeError(() => new Untyped(url, { signal: null }))
    expect(expectTypeError(() => new Untyped(url, { maxPaylod: 1 })).message).to.include('maxPaylod')
    for (const streams of [null, 5, {}, { ReadableStream }, { ReadableStream, WritableStream: {} }]) {
      expect(expectTypeError(() => new Untyped(url, { streams })).message).to.include('streams')
    }
    expect(
      expectTypeError(() => new WebSocket(url, { streams: { ReadableStream, WritableStream } } as never)).message,
    ).to.include('streams')
  })

  it('says so where the host has no streams', async () => {
    await withProperty(globalThis, 'WritableStream', undefined, () => {
      const error = expectTypeError(() => new WebSocketStream('ws://127.0.0.1:9'))
      expect(error.message).to.include('"streams"')
    })
  })

  it('gives the members of `opened` in the order of Web IDL', async () => {
    const { stream } = await loopback.streamPair()
    expect(Object.keys(await stream.opened)).to.deep.equal(['extensions', 'protocol', 'readable', 'writable'])
  })

  it('gives streams of the host, the protocol and the extensions', async () => {
    const server = await loopback.serve({
      handleProtocols: protocols => [...protocols][1]!,
      perMessageDeflate: { threshold: 0 },
    })
    const { stream, readable, writable, protocol, extensions } = await loopback.openStream(server.url, {
      protocols: new Set(['one', 'two']),
      headers: { 'X-Test': 'yes' },
    })
    expect(stream.url).to.equal(server.url)
    expect(readable).to.be.an.instanceof(HostReadableStream)
    expect(writable).to.be.an.instanceof(HostWritableStream)
    expect(protocol).to.equal('two')
    expect(extensions).to.match(/^permessage-deflate/)
    expect(Object.keys(await stream.opened)).to.have.members(['readable', 'writable', 'protocol', 'extensions'])
    const peer = await server.accept()
    expect(peer.request.headers).to.include({ 'x-test': 'yes', 'sec-websocket-protocol': 'one, two' })
  })

  it('takes null and undefined for no options, and an object for the URL', async () => {
    const server = await loopback.serve()
    for (const options of [undefined, null, {}]) {
      const { protocol, extensions } = await new Untyped(new URL(server.url), options).opened
      expect({ protocol, extensions }).to.deep.equal({ protocol: '', extensions: '' })
      const peer = await server.accept()
      peer.socket.terminate()
    }
  })

  it('opens two streams to one server one after the other, but both', async () => {
    const server = await loopback.serveRaw()
    const first = loopback.stream(server.url)
    const second = loopback.stream(server.url)
    const peer = await server.accept()
    expect(server.accepted).to.equal(1)
    expect(await stateOf(first.opened)).to.equal('pending')
    await peer.accept()
    await first.opened
    const other = await server.accept()
    expect(await stateOf(second.opened)).to.equal('pending')
    await other.accept()
    await second.opened
    expect(server.accepted).to.equal(2)
  })

  describe('that fails', () => {
    it('rejects both promises with a WebSocketError that tells why', async () => {
      const server = await loopback.serveRaw()
      const stream = loopback.stream(server.url)
      const peer = await server.accept()
      await peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
      const opened = await expectWebSocketError(stream.opened, null)
      const closed = await expectWebSocketError(stream.closed, 1006)
      expect(opened.cause).to.equal(closed.cause)
      expect(opened.cause).to.equal(failure(stream))
      expect(failure(stream)!.code).to.equal('WS_ERR_UNEXPECTED_STATUS')
      expect(opened.message).to.include('403')
      expect(handshake(stream)!.status).to.equal(403)
      expect(Object.keys(opened)).to.not.include('cause')
    })

    it('leaves nothing unhandled, whoever asks for a promise or not', async () => {
      const stray: unknown[] = []
      const note = (reason: unknown): void => void stray.push(reason)
      const others = process.listeners('unhandledRejection')
      process.removeAllListeners('unhandledRejection')
      process.on('unhandledRejection', note)
      try {
        const forgotten = loopback.stream('ws://127.0.0.1:1')
        await rejectionOf(loopback.stream('ws://127.0.0.1:1').opened)
        await rejectionOf(loopback.stream('ws://127.0.0.1:1').closed)
        const aborted = loopback.stream('ws://127.0.0.1:1', { signal: AbortSignal.abort() })
        const closed = loopback.stream((await loopback.serveRaw()).url)
        closed.close()
        const { stream, peer } = await loopback.rawStreamPair()
        peer.reset()
        await rejectionOf(stream.closed)
        await turn()
        await turn()
        expect(stray).to.deep.equal([])
        expect([forgotten, aborted, closed].every(one => one instanceof WebSocketStream)).to.equal(true)
      } finally {
        process.off('unhandledRejection', note)
        for (const listener of others) process.on('unhandledRejection', listener)
      }
    })

    it('fails where nobody listens', async () => {
      const server = await loopback.serve()
      await server.close()
      const stream = loopback.stream(server.url)
      const error = await expectWebSocketError(stream.opened, null)
      expect((error.cause as { cause: { code: string } }).cause.code).to.equal('ECONNREFUSED')
      await expectWebSocketError(stream.closed, 1006)
    })
  })

  describe('that is closed before', () => {
    it('rejects both promises, and makes no connection', async () => {
      const server = await loopback.serveRaw()
      const stream = loopback.stream(server.url)
      stream.close({ closeCode: 3000, reason: 'ignored' })
      stream.close()
      await expectWebSocketError(stream.opened, null)
      await expectWebSocketError(stream.closed, 1006)
      expect(failure(stream)!.code).to.equal('WS_ERR_CLOSED_BEFORE_OPEN')
      // A connection made after it would be the second.
      const other = loopback.stream(server.url)
      await (await server.accept()).accept()
      await other.opened
      expect(server.accepted).to.equal(1)
    })

    it('rejects them in a task of its own, behind all microtasks of the caller', async () => {
      const stream = loopback.stream('ws://127.0.0.1:1')
      const log: string[] = []
      for (const [name, promise] of [
        ['opened', stream.opened],
        ['closed', stream.closed],
      ] as const) {
        promise.catch(() => log.push(name))
      }
      stream.close()
      for (let microtask = 0; microtask < 20; microtask++) await undefined
      expect(log).to.deep.equal([])
      await rejectionOf(stream.closed)
      expect(log).to.deep.equal(['opened', 'closed'])
    })

    it('drops the connection if there is one', async () => {
      const server = await loopback.serveRaw()
      const stream = loopback.stream(server.url)
      const peer = await server.accept()
      stream.close()
      await gone(peer)
      await expectWebSocketError(stream.opened, null)
      await expectWebSocketError(stream.closed, 1006)
    })

    it('checks its argument all the same', () => {
      const stream = loopback.stream('ws://127.0.0.1:1')
      expectDOMException(() => stream.close({ closeCode: 1001 }), 'InvalidAccessError')
    })
  })

  describe('with a signal', () => {
    it('that is aborted makes no connection, and rejects with its reason', async () => {
      const server = await loopback.serveRaw()
      const stream = loopback.stream(server.url, { signal: AbortSignal.abort() })
      const error = (await rejectionOf(stream.opened)) as DOMException
      expect(error).to.be.an.instanceof(DOMException)
      expect(error.name).to.equal('AbortError')
      expect(await rejectionOf(stream.closed)).to.equal(error)
      const other = loopback.stream(server.url)
      await (await server.accept()).accept()
      await other.opened
      expect(server.accepted).to.equal(1)
    })

    it('that is aborted during the handshake drops the connection, and rejects with its reason', async () => {
      for (const reason of [new Error('mine'), 'text', null, 0]) {
        const server = await loopback.serveRaw()
        const controller = new AbortController()
        const stream = loopback.stream(server.url, { signal: controller.signal })
        const peer = await server.accept()
        controller.abort(reason)
        expect(await rejectionOf(stream.opened)).to.equal(reason)
        expect(await rejectionOf(stream.closed)).to.equal(reason)
        await gone(peer)
        expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0)
      }
    })

    it('that is aborted when it is open goes on', async () => {
      const controller = new AbortController()
      const { readable, writable, peer } = await loopback.streamPair({ signal: controller.signal })
      expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0)
      controller.abort()
      await writable.getWriter().write('still here')
      expect((await peer.message()).text).to.equal('still here')
      peer.socket.send('indeed')
      expect((await readable.getReader().read()).value).to.equal('indeed')
    })
  })

  describe('shares the functions of the package', () => {
    it('ping, handshake, failure, ref, unref', async () => {
      const { stream, peer } = await loopback.streamPair()
      const answered = ping(stream, 'hello')
      expect((await peer.ping()).toString()).to.equal('hello')
      expect(await answered).to.be.a('number')
      expect(handshake(stream)!.status).to.equal(101)
      expect(failure(stream)).to.equal(undefined)
      const proxy = new Proxy(stream, {})
      expect(proxy.url).to.equal(stream.url)
      unref(proxy)
      ref(proxy)
    })

    it('ping rejects when the stream ends, and throws when it is closing', async () => {
      const { stream, peer } = await loopback.rawStreamPair()
      const answered = ping(stream)
      stream.close()
      expectDOMException(() => ping(stream), 'InvalidStateError')
      peer.reset()
      expect(await rejectionOf(answered)).to.equal(failure(stream))
    })

    it('terminate', async () => {
      const { stream, readable, writable, peer } = await loopback.streamPair()
      terminate(stream)
      const error = await expectWebSocketError(stream.closed, 1006)
      expect(failure(stream)!.code).to.equal('WS_ERR_TERMINATED')
      expect(await rejectionOf(readable.getReader().closed)).to.equal(error)
      expect(await rejectionOf(writable.getWriter().closed)).to.equal(error)
      expect((await peer.closed).code).to.equal(1006)
    })
  })

  it('is among what install() defines', () => {
    const target: Record<string, unknown> = {}
    install(target)
    expect(target.WebSocketStream).to.equal(WebSocketStream)
    expect(target.WebSocketError).to.equal(WebSocketError)
    for (const name of ['WebSocketStream', 'WebSocketError']) {
      expect(Object.getOwnPropertyDescriptor(target, name)).to.include({
        enumerable: false,
        writable: true,
        configurable: true,
      })
    }
  })
})
