import { inspect } from 'node:util'
import { expect } from 'chai'
import { CloseEvent, failure, MessageEvent, WebSocket, WebSocketError, WebSocketStream } from '#lib/entry/node.js'
import { next, useLoopback } from '../support/ws-server.ts'

/** What `console.log` shows. On Bun and Deno it is tried by `npm run smoke`. */
describe('In the console', () => {
  const loopback = useLoopback()
  const show = (value: unknown): string => inspect(value).replace(/\n\s+(?!at )|\n(?=\})/g, ' ')

  /** A socket that the server has refused, with a body. */
  async function refused(url: (port: number) => string): Promise<WebSocket> {
    const server = await loopback.serveRaw()
    const socket = new WebSocket(url(server.port))
    const peer = await server.accept()
    await peer.write('HTTP/1.1 403 Forbidden\r\nX-Why: a\r\nX-Why: b\r\nContent-Length: 6\r\n\r\nno key')
    await next(socket, 'close')
    return socket
  }

  it('a WebSocket shows its attributes, and what was added to it', async () => {
    const { url, accept } = await loopback.serve({ perMessageDeflate: true })
    const socket = Object.assign(new WebSocket(url, { perMessageDeflate: true }), { mine: 1 })
    const start = `WebSocket { url: '${url}', readyState: `
    expect(show(socket)).to.equal(
      `${start}'CONNECTING', protocol: '', extensions: '', binaryType: 'blob', bufferedAmount: 0, mine: 1 }`,
    )
    await accept()
    if (socket.readyState !== WebSocket.OPEN) await next(socket, 'open')
    socket.binaryType = 'arraybuffer'
    socket.send('four')
    const { extensions } = socket
    expect(show(socket)).to.equal(
      `${start}'OPEN', protocol: '', extensions: '${extensions}', binaryType: 'arraybuffer', bufferedAmount: 4, mine: 1 }`,
    )
    const closed = next(socket, 'close')
    socket.close()
    expect(show(socket)).to.include("readyState: 'CLOSING'")
    await closed
    expect(show(socket)).to.include("readyState: 'CLOSED'")
  })

  it('credentials of a URL are not shown', async () => {
    const socket = await refused(port => `ws://user:secret@127.0.0.1:${port}/path`)
    expect(show(socket))
      .to.match(/^WebSocket \{ url: 'ws:\/\/\*\*\*@127\.0\.0\.1:\d+\/path', /)
      .and.not.match(/user|secret/)
  })

  it('a failure shows its code, and the response with its body as text', async () => {
    const socket = await refused(port => `ws://127.0.0.1:${port}/`)
    const way = "http: '1.1', proxy: undefined, remoteAddress: '127.0.0.1', tls: undefined"
    const content = "headers: { 'x-why': 'a, b', 'content-length': '6' }, body: 'no key'"
    const response = `{ status: 403, statusText: 'Forbidden', ${way}, ${content} }`
    const shown = show(failure(socket))
    expect(shown).to.match(/^ConnectionError: The server answered the handshake with status 403 /)
    expect(shown.endsWith(` { code: 'WS_ERR_UNEXPECTED_STATUS', response: ${response} }`), shown).to.equal(true)
    expect(show(socket)).to.include('failure: ConnectionError: The server').and.include("body: 'no key'")
  })

  it('a failure shows its cause', async () => {
    const cause = new Error('the reason')
    const socket = new WebSocket('ws://host.example/', { connect: () => Promise.reject(cause) })
    await next(socket, 'close')
    expect(show(failure(socket))).to.include("code: 'WS_ERR_CONNECT', cause: Error: the reason")
  })

  it('a failure shows fields of the response whose names are those of members of an object', async () => {
    const server = await loopback.serveRaw()
    const socket = new WebSocket(server.url)
    const peer = await server.accept()
    await peer.write('HTTP/1.1 403 Forbidden\r\nConstructor: one\r\n__proto__: two\r\nContent-Length: 0\r\n\r\n')
    await next(socket, 'close')
    const shown = show(failure(socket))
    expect(shown).to.contain("constructor: 'one'").and.contain("['__proto__']: 'two'")
  })

  it('a WebSocketStream shows its state', async () => {
    const { url, accept } = await loopback.serve()
    const stream = new WebSocketStream(url)
    expect(show(stream)).to.equal(`WebSocketStream { url: '${url}', readyState: 'CONNECTING' }`)
    await Promise.all([stream.opened, accept()])
    expect(show(stream)).to.equal(`WebSocketStream { url: '${url}', readyState: 'OPEN' }`)
    stream.close()
    await stream.closed
    expect(show(stream)).to.equal(`WebSocketStream { url: '${url}', readyState: 'CLOSED' }`)
  })

  it('events show what they tell', () => {
    const message = new MessageEvent('message', { data: 'hello', origin: 'ws://host.example' })
    expect(show(message)).to.equal("MessageEvent { type: 'message', data: 'hello', origin: 'ws://host.example' }")
    const close = new CloseEvent('close', { code: 4000, reason: 'bye', wasClean: true })
    expect(show(close)).to.equal("CloseEvent { type: 'close', code: 4000, reason: 'bye', wasClean: true }")
    const error = Object.assign(new WebSocketError('broken', { closeCode: 4000, reason: 'bye' }), { cause: 'a' })
    expect(show(error)).to.match(/^WebSocketError: broken /)
    expect(show(error)).to.match(/ \{ closeCode: 4000, reason: 'bye', cause: 'a' \}$/)
  })

  it('subclasses, prototypes and deep objects are shown as others are', () => {
    class Mine extends CloseEvent {}
    expect(show(new Mine('close'))).to.match(/^Mine \{ type: 'close', /)
    // That of a DOMException cannot be shown at all.
    for (const { prototype } of [WebSocket, WebSocketStream, CloseEvent, MessageEvent]) {
      expect(() => show(prototype)).not.to.throw()
    }
    expect(show({ a: { b: { c: new CloseEvent('close') } } })).to.equal('{ a: { b: { c: [CloseEvent] } } }')
    expect(show([[[new CloseEvent('close')]]])).to.equal('[ [ [ [CloseEvent] ] ] ]')
  })

  it('nothing of it is enumerable', () => {
    for (const { prototype } of [WebSocket, WebSocketStream, CloseEvent, MessageEvent, WebSocketError]) {
      const enumerable = Object.getOwnPropertySymbols(prototype).filter(name =>
        Object.prototype.propertyIsEnumerable.call(prototype, name),
      )
      expect(enumerable).to.deep.equal([])
    }
  })
})
