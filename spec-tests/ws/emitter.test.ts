import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { expect } from 'chai'
import {
  createWebSocketStream,
  PerMessageDeflate,
  Receiver,
  Sender,
  Server,
  WebSocket,
  WebSocketServer,
} from '#lib/entry/ws.js'
import { runModule } from '../support/child.ts'
import { event, thrown, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: listeners', () => {
  const twins = useTwins()

  twins('is an EventEmitter', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    const { socket: peer } = await server.accept()
    twin.log(socket instanceof EventEmitter, socket.eventNames(), socket.listenerCount('message'))
    const listener = (data: unknown): void => twin.log('listener', data)
    socket.on('newListener', name => twin.log('new', name))
    socket.on('removeListener', name => twin.log('removed', name))
    socket.on('message', listener)
    socket.prependListener('message', () => twin.log('first'))
    socket.once('message', () => twin.log('once'))
    twin.log(socket.listenerCount('message'), socket.emit('message', Buffer.from('own'), false))
    peer.send('one')
    await event(socket, 'message')
    socket.removeListener('message', listener)
    peer.send('two')
    await event(socket, 'message')
    socket.removeAllListeners('message')
    socket.on('message', function (this: unknown) {
      twin.log('this', this === socket)
    })
    peer.send('three')
    await event(socket, 'message')
  })

  twins('calls listeners of addEventListener with events', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    for (const type of ['open', 'message', 'close', 'error', 'ping'] as const) {
      socket.addEventListener(type as 'message', event => {
        const { data, code, reason, wasClean, error, message } = event as any
        twin.log(event.type, event.target === socket, data, code, reason, wasClean, error, message)
      })
    }
    await event(socket, 'open')
    const { socket: peer } = await server.accept()
    peer.send('text')
    peer.send(Buffer.from('bytes'))
    peer.ping()
    peer.close(4000, 'why')
    await event(socket, 'close')
  })

  twins('has events that show their attributes by name, and no socket in JSON', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    const note = (event: object): void => {
      const names: string[] = []
      for (const name in event) names.push(name)
      twin.log(names.sort(), Object.keys(event), JSON.stringify(event), JSON.stringify({ ...event }))
    }
    socket.onopen = note
    socket.onmessage = note
    socket.onerror = note
    socket.onclose = note
    await event(socket, 'open')
    const { socket: peer } = await server.accept()
    peer.send('text')
    await event(socket, 'message')
    socket.emit('error', new Error('own'))
    peer.close(4000, 'why')
    await event(socket, 'close')
  })

  it('shows events in a console without the socket', () => {
    const socket = new EventEmitter()
    const add = WebSocket.prototype.addEventListener.bind(socket as never)
    const shown: string[] = []
    for (const type of ['open', 'message', 'close', 'error'] as const) add(type, event => shown.push(inspect(event)))
    socket.emit('open')
    socket.emit('message', Buffer.from('text'), false)
    socket.emit('close', 4000, Buffer.from('why'))
    socket.emit('error', new Error('own'))
    expect(shown.slice(0, 3)).to.deep.equal([
      "Event { type: 'open' }",
      "MessageEvent { type: 'message', data: 'text' }",
      "CloseEvent { type: 'close', code: 4000, reason: 'why', wasClean: false }",
    ])
    expect(shown[3]).to.match(/^ErrorEvent \{.*Error: own/s)
  })

  twins('adds a listener once, and removes it', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    const { socket: peer } = await server.accept()
    const listener = (event: { data: unknown }): void => twin.log('listener', event.data)
    const object = {
      handleEvent(event: { data: unknown }) {
        twin.log('object', this === object, event.data)
      },
    }
    socket.addEventListener('message', listener)
    socket.addEventListener('message', listener)
    socket.addEventListener('message', object)
    socket.addEventListener('message', ({ data }) => twin.log('once', data), { once: true })
    twin.log(socket.listenerCount('message'))
    for (const data of ['one', 'two']) {
      peer.send(data)
      await event(socket, 'message')
    }
    socket.removeEventListener('message', listener)
    socket.removeEventListener('message', () => {})
    twin.log(socket.listenerCount('message'))
    peer.send('three')
    await event(socket, 'message')
    socket.removeEventListener('message', object)
    socket.addEventListener('unknown' as 'message', listener)
    twin.log(socket.listenerCount('message'), socket.listenerCount('unknown'))
  })

  twins('has the attributes onopen, onmessage, onclose and onerror', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    for (const name of ['onopen', 'onmessage', 'onclose', 'onerror'] as const) twin.log(name, socket[name])
    const handler = (event: { data: unknown }): void => twin.log('handler', event.data)
    socket.onopen = ({ type, target }) => twin.log(type, target === socket)
    socket.onmessage = handler
    twin.log(socket.onmessage === handler, socket.listenerCount('message'))
    socket.addEventListener('message', handler)
    socket.removeEventListener('message', handler)
    twin.log(socket.onmessage === handler, socket.listenerCount('message'))
    socket.onmessage = 'no function' as never
    twin.log(socket.onmessage, socket.listenerCount('message'))
    socket.onmessage = function (this: unknown, event) {
      twin.log('handler', this === socket, event.data)
    } as typeof handler
    await event(socket, 'open')
    const { socket: peer } = await server.accept()
    peer.send('text')
    await event(socket, 'message')
    socket.onmessage = null
    peer.send('nobody')
    await event(socket, 'message')
    socket.onclose = ({ code, reason, wasClean }) => twin.log(code, reason, wasClean)
    socket.terminate()
    await event(socket, 'close')
  })

  twins('has the members and constants of ws', twin => {
    const { WebSocket } = twin
    const socket = twin.open('ws://127.0.0.1:1/')
    for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
      twin.log(WebSocket[name], socket[name], Object.getOwnPropertyDescriptor(WebSocket, name)?.writable)
      twin.log(thrown(() => Object.assign(WebSocket, { [name]: 9 })))
    }
    const members = new Set<string>()
    for (const name in socket) if (!name.startsWith('_') && !(name in EventEmitter.prototype)) members.add(name)
    twin.log(JSON.stringify([...members].sort()))
    twin.log(WebSocket.WebSocket === WebSocket, WebSocket.name, WebSocket.length > 0)
    for (const name of ['readyState', 'url', 'protocol', 'extensions', 'bufferedAmount', 'isPaused']) {
      twin.log(
        name,
        thrown(() => Object.assign(socket, { [name]: 1 })),
      )
    }
    twin.log(JSON.stringify(Object.keys(WebSocket).sort()))
    socket.terminate()
    return event(socket, 'close')
  })

  twins('can be a base class', async twin => {
    const server = await twin.loopback.serve()
    class Derived extends twin.WebSocket {
      override emit(name: string, ...values: unknown[]): boolean {
        if (name !== 'newListener') twin.log('emit', name)
        return super.emit(name, ...values)
      }
    }
    const socket = new Derived(server.url)
    await event(socket, 'open')
    socket.close()
    await event(socket, 'close')
    twin.log(socket instanceof twin.WebSocket)
  })

  it('ends the process by an error that nobody listens for, as an EventEmitter does', async () => {
    const { exitCode, errors } = await runModule(`
      import WebSocket from '#lib/entry/ws.js'
      new WebSocket('ws://127.0.0.1:1/')
    `)
    expect(exitCode).to.equal(1)
    expect(errors).to.include('ECONNREFUSED')
  })

  it('runs listeners in the async context in which the socket was made, each with its microtasks', async () => {
    const { lines } = await runModule(`
      import { AsyncLocalStorage } from 'node:async_hooks'
      import { WebSocketServer } from 'ws'
      import WebSocket from '#lib/entry/ws.js'
      const storage = new AsyncLocalStorage()
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      server.on('connection', socket => {
        for (let index = 0; index < 3; index++) socket.send(String(index))
        socket.close()
      })
      server.on('listening', () => storage.run('mine', () => {
        const socket = new WebSocket('ws://127.0.0.1:' + server.address().port)
        socket.on('message', async data => {
          console.log(storage.getStore(), String(data))
          await null
          console.log('microtask', String(data))
        })
        socket.on('close', () => server.close())
      }))
    `)
    expect(lines).to.deep.equal(['mine 0', 'microtask 0', 'mine 1', 'microtask 1', 'mine 2', 'microtask 2'])
  })

  it('names ws where a program needs the server, or the inner parts of ws', () => {
    for (const Part of [WebSocketServer, Server, Receiver, Sender, PerMessageDeflate]) {
      expect(() => new Part({ port: 0 })).to.throw(Error, /which is a client: it needs the package "ws"/)
    }
    expect(() => new WebSocket(null as never)).to.throw(Error, /it needs the package "ws"/)
    expect((WebSocket as any).WebSocketServer).to.equal(WebSocketServer)
    expect((WebSocket as any).Server).to.equal(Server)
    expect((WebSocket as any).createWebSocketStream).to.equal(createWebSocketStream)
  })

  it('tells another object from a socket', () => {
    expect(() => WebSocket.prototype.readyState).to.throw(TypeError, 'this is not a WebSocket')
  })
})
