import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { expectTypeError } from '../support/expect.ts'
import { useLoopback } from '../support/ws-server.ts'

// The argument types do not allow what these tests give.
const Untyped = WebSocket as unknown as new (...args: unknown[]) => WebSocket

/** https://websockets.spec.whatwg.org/#the-websocket-interface */
describe('WHATWG WebSocket interface', () => {
  const loopback = useLoopback()

  /** A socket that never connects. */
  function idle(url: unknown, options: object = {}): WebSocket {
    return loopback.track(new Untyped(url, { connect: () => new Promise(() => {}), ...options }))
  }

  describe('new object', () => {
    it('is connecting, with nothing agreed', () => {
      const socket = idle('ws://host.test/', { protocols: 'chat' })
      expect(socket.readyState).to.equal(0)
      expect(socket.bufferedAmount).to.equal(0)
      expect(socket.extensions).to.equal('')
      expect(socket.protocol).to.equal('')
      expect(socket.binaryType).to.equal('blob')
      expect(socket.onopen).to.equal(null)
      expect(socket.onmessage).to.equal(null)
      expect(socket.onerror).to.equal(null)
      expect(socket.onclose).to.equal(null)
    })

    it('is an EventTarget of the host without own properties that show', () => {
      const socket = idle('ws://host.test/')
      expect(socket).to.be.an.instanceof(EventTarget)
      expect(Object.keys(socket)).to.deep.equal([])
      expect(Object.getOwnPropertyNames(socket)).to.deep.equal([])
      expect(JSON.stringify(socket)).to.equal('{}')
      // What a copy takes along is no more than with any target of the host.
      const copied = (object: object): number => Object.getOwnPropertySymbols({ ...object }).length
      expect(copied(socket)).to.equal(copied(new EventTarget()))
      expect(Object.prototype.toString.call(socket)).to.equal('[object WebSocket]')
    })

    it('can be subclassed', async () => {
      const server = await loopback.serve()
      class Chat extends (WebSocket as unknown as { new (url: string, protocols?: string[]): WebSocket }) {
        readonly started = 'yes'
        constructor(port: number) {
          super(`ws://127.0.0.1:${port}/chat`, ['chat'])
        }

        override get url(): string {
          return `${super.url}!`
        }
      }
      const socket = loopback.track(new Chat(server.port))
      await new Promise(resolve => {
        socket.onopen = resolve
      })
      expect(socket).to.be.an.instanceof(Chat)
      expect(socket).to.be.an.instanceof(WebSocket)
      expect(socket.started).to.equal('yes')
      expect(socket.protocol).to.equal('chat')
      expect(socket.url).to.equal(`ws://127.0.0.1:${server.port}/chat!`)
    })

    it('has the prototype of new.target', () => {
      class Other extends EventTarget {}
      const socket = Reflect.construct(WebSocket, ['ws://host.test/', { connect: () => new Promise(() => {}) }], Other)
      loopback.track(socket as WebSocket)
      expect(Object.getPrototypeOf(socket)).to.equal(Other.prototype)
      const get = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'url')!.get!
      expect(get.call(socket)).to.equal('ws://host.test/')
    })
  })

  describe('interface', () => {
    const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
    const attributes = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol']
    const writable = ['binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']
    const operations = { send: 1, close: 0 }

    it('is named WebSocket, wants one argument, and inherits from EventTarget', () => {
      expect(WebSocket.name).to.equal('WebSocket')
      expect(WebSocket.length).to.equal(1)
      expect(Object.getPrototypeOf(WebSocket)).to.equal(EventTarget)
      expect(Object.getPrototypeOf(WebSocket.prototype)).to.equal(EventTarget.prototype)
      const descriptor = Object.getOwnPropertyDescriptor(WebSocket, 'prototype')
      expect(descriptor).to.include({ writable: false, enumerable: false, configurable: false })
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, 'constructor')).to.deep.equal({
        value: WebSocket,
        writable: true,
        enumerable: false,
        configurable: true,
      })
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag)).to.deep.equal({
        value: 'WebSocket',
        writable: false,
        enumerable: false,
        configurable: true,
      })
    })

    it('has its constants on itself and on the prototype', () => {
      for (const target of [WebSocket, WebSocket.prototype]) {
        for (const [name, value] of Object.entries(constants)) {
          const descriptor = { value, writable: false, enumerable: true, configurable: false }
          expect(Object.getOwnPropertyDescriptor(target, name), name).to.deep.equal(descriptor)
        }
      }
      expect(idle('ws://host.test/').CLOSED).to.equal(3)
    })

    it('has attributes and operations that are enumerable and nothing else', () => {
      const names = [...Object.keys(constants), ...attributes, ...writable, ...Object.keys(operations)]
      expect(Object.keys(WebSocket.prototype)).to.have.members(names)
      expect(Object.getOwnPropertyNames(WebSocket.prototype)).to.have.members([...names, 'constructor'])
      expect(Object.keys(WebSocket)).to.have.members(Object.keys(constants))
      const inLoop: string[] = []
      for (const name in idle('ws://host.test/')) inLoop.push(name)
      expect(inLoop).to.include.members(names)
    })

    it('has attributes with getters, and setters where they can be set', () => {
      for (const name of [...attributes, ...writable]) {
        const { get, set, configurable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
        expect(get!.name).to.equal(`get ${name}`)
        expect(get!.length).to.equal(0)
        expect(configurable, name).to.equal(true)
        if (writable.includes(name)) {
          expect(set!.name).to.equal(`set ${name}`)
          expect(set!.length).to.equal(1)
        } else expect(set, name).to.equal(undefined)
      }
      for (const [name, length] of Object.entries(operations)) {
        const { value, configurable, writable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
        expect(value.name).to.equal(name)
        expect(value.length, name).to.equal(length)
        expect({ configurable, writable }).to.deep.equal({ configurable: true, writable: true })
      }
    })

    it('throws a TypeError when one tries to set what is read-only', () => {
      const socket = idle('ws://host.test/') as unknown as Record<string, unknown>
      for (const name of [...attributes, ...Object.keys(constants)]) {
        expectTypeError(() => {
          socket[name] = 1
        })
      }
    })

    it('throws a TypeError for a this that is no WebSocket', () => {
      for (const self of [undefined, null, {}, new EventTarget(), WebSocket.prototype, 'socket']) {
        for (const name of [...attributes, ...writable]) {
          const { get, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
          expectTypeError(() => get!.call(self))
          if (set !== undefined) expectTypeError(() => set.call(self, null))
        }
        expectTypeError(() => WebSocket.prototype.send.call(self as WebSocket, 'text'))
        expectTypeError(() => WebSocket.prototype.close.call(self as WebSocket))
      }
    })

    it('keeps binaryType for an unknown value', () => {
      const socket = idle('ws://host.test/') as { binaryType: unknown }
      socket.binaryType = 'arraybuffer'
      for (const unknown of ['text', 'Blob', 'BLOB', '', null, undefined, 1, {}, 'blob ']) {
        socket.binaryType = unknown
        expect(socket.binaryType).to.equal('arraybuffer')
      }
      socket.binaryType = 'blob'
      expect(socket.binaryType).to.equal('blob')
      socket.binaryType = { toString: () => 'arraybuffer' }
      expect(socket.binaryType).to.equal('arraybuffer')
      expectTypeError(() => {
        socket.binaryType = Symbol('blob')
      })
    })
  })
})
