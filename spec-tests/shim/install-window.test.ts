import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import {
  CloseEvent,
  failure,
  handshake,
  install,
  MessageEvent,
  ping,
  WebSocket,
  WebSocketError,
  WebSocketStream,
} from '#lib/entry/node.js'
import { next, useLoopback } from '../support/ws-server.ts'

type Fake = Record<string, any>

/** A window as a DOM in the same process has it: its event targets dispatch events of its own classes alone. */
function makeWindow(href: string): Fake {
  const realm = runInNewContext('({ ArrayBuffer, Uint8Array })') as Fake
  class WindowEvent extends Event {}
  class WindowMessageEvent extends WindowEvent {
    readonly data: unknown
    readonly origin: string
    constructor(type: string, init: { data: unknown; origin: string }) {
      super(type)
      this.data = init.data
      this.origin = init.origin
    }
  }
  class WindowCloseEvent extends WindowEvent {
    readonly code: number
    readonly reason: string
    readonly wasClean: boolean
    constructor(type: string, init: { code: number; reason: string; wasClean: boolean }) {
      super(type)
      this.code = init.code
      this.reason = init.reason
      this.wasClean = init.wasClean
    }
  }
  class WindowEventTarget extends EventTarget {
    override dispatchEvent(event: Event): boolean {
      if (!(event instanceof WindowEvent)) throw new TypeError('This is no event of this window')
      return super.dispatchEvent(event)
    }
  }
  return {
    ...realm,
    EventTarget: WindowEventTarget,
    Event: WindowEvent,
    MessageEvent: WindowMessageEvent,
    CloseEvent: WindowCloseEvent,
    Blob: class extends Blob {},
    location: new URL(href),
  }
}

describe('install() in a window of another realm', () => {
  const loopback = useLoopback()

  it('defines classes of that window, and leaves its event classes', () => {
    const window = makeWindow('https://app.example/')
    const { MessageEvent, CloseEvent } = window
    install(window, { override: true })
    expect(window).to.include({ MessageEvent, CloseEvent, WebSocketError })
    expect(window.WebSocket).not.to.equal(WebSocket)
    expect(window.WebSocket).to.include({ name: 'WebSocket', length: 1, CONNECTING: 0, CLOSED: 3 })
    expect(Object.keys(window.WebSocket.prototype)).to.have.members(Object.keys(WebSocket.prototype))
    expect(window.WebSocket.prototype).to.be.an.instanceof(window.EventTarget)
    expect(Object.prototype.toString.call(window.WebSocket.prototype)).to.equal('[object WebSocket]')
    expect(window.WebSocketStream.prototype).to.be.an.instanceof(WebSocketStream)
    expect(() => window.WebSocket()).to.throw(TypeError, "Class constructor WebSocket cannot be invoked without 'new'")
    const other = makeWindow('https://app.example/')
    install(other)
    expect(other.WebSocket).not.to.equal(window.WebSocket)
  })

  it('gives a message of more than 1 MiB in fragments as a Blob or an ArrayBuffer of the window', async () => {
    const server = await loopback.serve()
    const window = makeWindow(server.url.replace('ws:', 'http:'))
    install(window)
    const socket = new window.WebSocket(server.url)
    const { socket: peer } = await server.accept()
    await next(socket, 'open')
    for (const binaryType of ['blob', 'arraybuffer']) {
      socket.binaryType = binaryType
      for (let part = 1; part <= 4; part++) peer.send(Buffer.alloc(700_000, part), { fin: part === 4 })
      const { data } = (await next(socket, 'message')) as Fake
      expect(data).to.be.an.instanceof(binaryType === 'blob' ? window.Blob : window.ArrayBuffer)
      const bytes = new Uint8Array(binaryType === 'blob' ? await data.arrayBuffer() : data)
      expect([bytes.length, bytes[699_999], bytes[700_000], bytes.at(-1)]).to.deep.equal([2_800_000, 1, 2, 4])
    }
    socket.close()
    await next(socket, 'close')
  })

  it('keeps a WebSocket that is there', () => {
    const own = class {}
    const window = { ...makeWindow('https://app.example/'), WebSocket: own }
    install(window)
    expect(window.WebSocket).to.equal(own)
  })

  it('gives an object without all of these classes ours, and the global scope as well', () => {
    const { Event: _, ...rest } = makeWindow('https://app.example/')
    for (const target of [{ EventTarget, Event, MessageEvent, CloseEvent }, rest]) {
      const window: Fake = target
      install(window, { override: true })
      expect(window).to.include({ WebSocket, MessageEvent, CloseEvent, WebSocketStream })
    }
  })

  it('resolves URLs against the page, sends its origin, and looks at both when a socket is made', async () => {
    const server = await loopback.serve()
    const page = server.url.replace('ws:', 'http:')
    const window = makeWindow(new URL('/dir/page', page).href)
    install(window)
    const origin = new URL(page).origin
    async function requested(...args: unknown[]): Promise<string> {
      const socket = new window.WebSocket(...args)
      const { request } = await server.accept()
      await next(socket, 'open')
      socket.close()
      await next(socket, 'close')
      return `${request.url} ${request.headers.origin}`
    }
    expect(await requested('a?b')).to.equal(`/dir/a?b ${origin}`)
    expect(await requested('a', { origin: 'https://own.test' })).to.equal('/dir/a https://own.test')
    expect(await requested('a', { baseURL: new URL('/other/', page) })).to.equal(`/other/a ${origin}`)
    window.document = { baseURI: new URL('/base/', page).href }
    expect(await requested('a')).to.equal(`/base/a ${origin}`)

    const stream = new window.WebSocketStream('s')
    await stream.opened
    const { request } = await server.accept()
    expect([request.url, request.headers.origin]).to.deep.equal(['/base/s', origin])
    stream.close()
    await stream.closed
    expect(() => new window.WebSocketStream('s', 5)).to.throw(TypeError, 'not an object')
    expect(() => new window.WebSocketStream('s', { unknown: 1 })).to.throw(TypeError, '"unknown"')
  })

  it('fires events of the window, and gives its Blobs and buffers', async () => {
    const server = await loopback.serve()
    const window = makeWindow(server.url.replace('ws:', 'http:'))
    install(window)
    const socket = loopback.track(new window.WebSocket('/'))
    const peer = await server.accept()
    expect(await next(socket, 'open')).to.be.an.instanceof(window.Event)
    peer.socket.send('text')
    const message = await next(socket, 'message')
    expect(message).to.be.an.instanceof(window.MessageEvent)
    expect(message).to.include({ data: 'text', origin: new URL(server.url).origin })
    for (const binaryType of ['blob', 'arraybuffer']) {
      socket.binaryType = binaryType
      peer.socket.send(Uint8Array.of(1, 2, 3))
      const { data } = await next(socket, 'message')
      expect(data).to.be.an.instanceof(binaryType === 'blob' ? window.Blob : window.ArrayBuffer)
      const buffer = binaryType === 'blob' ? await data.arrayBuffer() : data
      expect([...new Uint8Array(buffer)]).to.deep.equal([1, 2, 3])
    }
    socket.send(new window.Blob(['blob']))
    expect((await peer.message()).data.toString()).to.equal('blob')
    peer.socket.close(3000, 'reason')
    const close = await next(socket, 'close')
    expect(close).to.be.an.instanceof(window.CloseEvent)
    expect(close).to.include({ code: 3000, reason: 'reason', wasClean: true })
  })

  it('makes sockets that the functions of this package take', async () => {
    const server = await loopback.serve()
    const window = makeWindow(server.url.replace('ws:', 'http:'))
    install(window)
    const socket = loopback.track(new window.WebSocket('/'))
    await server.accept()
    await next(socket, 'open')
    expect(await ping(socket)).to.be.greaterThan(0)
    expect(handshake(socket)!.status).to.equal(101)
    const refused = new window.WebSocket('/', { connect: () => Promise.reject(new Error('no network')) })
    expect(await next(refused, 'error')).to.be.an.instanceof(window.Event)
    expect(failure(refused)!.code).to.equal('WS_ERR_CONNECT')
  })
})
