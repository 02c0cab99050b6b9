import { expect } from 'chai'
import { WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, withProperty } from '../support/expect.ts'
import { useLoopback } from '../support/ws-server.ts'

const Untyped = WebSocket as unknown as new (url: string, protocols?: unknown) => WebSocket

/** Conversions of Web IDL that tell one type of a union from another, and of what the host has in place of an argument. */
describe('Conversions', () => {
  const loopback = useLoopback()

  /** @see https://webidl.spec.whatwg.org/#js-union */
  describe('of an object with a Symbol.iterator', () => {
    const connect = () => new Promise(() => {})

    it('that is undefined or null: it is no list, but the options', async () => {
      const server = await loopback.serve()
      for (const iterator of [undefined, null]) {
        const options = {
          [Symbol.iterator]: iterator,
          protocols: 'chat',
          headers: { 'x-a': 'b', [Symbol.iterator]: iterator },
        }
        const socket = loopback.track(new Untyped(server.url, options))
        const { request } = await server.accept()
        expect(request.headers).to.include({ 'sec-websocket-protocol': 'chat', 'x-a': 'b' })
        socket.close()
      }
    })

    it('that is no function: a TypeError', () => {
      for (const iterator of [1, {}, 'text', Symbol('x')]) {
        const object = { [Symbol.iterator]: iterator }
        expectTypeError(() => new Untyped('ws://host.test/', object))
        expectTypeError(() => new Untyped('ws://host.test/', { protocols: object }))
        expectTypeError(() => new Untyped('ws://host.test/', { headers: object }))
        expectTypeError(() => new WebSocketStream('ws://host.test/', { protocols: object as never }))
      }
    })

    it('that is one: a list, also if the object is a function or a String', () => {
      const list = Object.assign(() => {}, {
        *[Symbol.iterator]() {
          yield 'a'
          yield 'a'
        },
      })
      expectDOMException(() => new Untyped('ws://host.test/', list), 'SyntaxError')
      expectDOMException(() => new Untyped('ws://host.test/', new String('aa')), 'SyntaxError')
      const socket = loopback.track(new Untyped('ws://host.test/', { connect, protocols: new String('ab') }))
      expect(socket.readyState).to.equal(WebSocket.CONNECTING)
    })

    it('a WebSocketStream wants a list', () => {
      for (const protocols of ['chat', {}, { [Symbol.iterator]: null }, 5]) {
        expectTypeError(() => new WebSocketStream('ws://host.test/', { protocols: protocols as never }))
      }
    })
  })

  it('of the origin of globalThis.location: it is checked as the option is', async () => {
    const server = await loopback.serve()
    for (const origin of ['https://page.test\r\nx-evil: 1', 'https://€', 5, {}]) {
      await withProperty(globalThis, 'location', { href: 'https://page.test/', origin }, async () => {
        expectTypeError(() => new WebSocket(server.url))
        expectTypeError(() => new WebSocketStream(server.url))
        // Given by the option, nobody asks for it.
        await loopback.open(server.url, { origin: 'https://own.test' })
        expect((await server.accept()).request.headers.origin).to.equal('https://own.test')
      })
    }
    for (const origin of [undefined, null]) {
      await withProperty(globalThis, 'location', { href: 'https://page.test/', origin }, async () => {
        await loopback.open(server.url)
        expect((await server.accept()).request.headers).not.to.have.property('origin')
      })
    }
  })
})
