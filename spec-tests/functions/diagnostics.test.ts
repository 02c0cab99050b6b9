import diagnostics from 'node:diagnostics_channel'
import { Agent } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { failure, WebSocket, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { startHttp2Server } from '../support/http2-server.ts'
import { startHttpProxy } from '../support/proxy-servers.ts'
import { next, useLoopback } from '../support/ws-server.ts'

type Message = Record<string, any>

interface Published {
  readonly name: string
  readonly message: Message
}

/** Waits until a message with this name was published: it is a task of its own, in a later turn than the event if need be. */
async function published(seen: readonly Published[], wanted: string): Promise<void> {
  while (!seen.some(({ name }) => name === wanted)) await new Promise(setImmediate)
}

describe('Diagnostics channels', () => {
  const loopback = useLoopback()
  let unsubscribe: (() => void)[] = []
  afterEach(() => {
    for (const leave of unsubscribe.splice(0)) leave()
    unsubscribe = []
  })

  /** What is published from now on, as `name` and message. */
  function listen(prefix: string, names: readonly string[]): Published[] {
    const seen: Published[] = []
    for (const name of names) {
      const listener = (message: unknown) => seen.push({ name, message: message as Message })
      diagnostics.subscribe(prefix + name, listener)
      unsubscribe.push(() => diagnostics.unsubscribe(prefix + name, listener))
    }
    return seen
  }

  const ours = ['created', 'request', 'handshake', 'open', 'frame', 'message', 'error', 'close']

  it('tell of a connection, in order', async () => {
    const seen = listen('whatwg-websocket:', ours)
    const { url, accept } = await loopback.serve()
    const socket = new WebSocket(url.replace('//', '//user:secret@'), { headers: { Cookie: 'a=b' } })
    expect(seen.map(({ name }) => name)).to.deep.equal(['created'])
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    socket.send('hello')
    await peer.message()
    peer.socket.send(Buffer.from([1, 2, 3]))
    await next(socket, 'message')
    socket.close(1000, 'bye')
    await next(socket, 'close')
    await published(seen, 'close')

    expect(seen.map(({ name }) => name)).to.deep.equal([
      ...['created', 'request', 'handshake', 'open'],
      ...['message', 'frame', 'frame', 'message', 'frame', 'frame'],
      'close',
    ])
    for (const { message } of seen) expect(message.socket).to.equal(socket)
    const [created, request, handshake, open, sent, sentFrame, frame, message, , , close] = seen.map(one => one.message)
    expect(created!.url).to.equal(url.replace('//', '//***@'))
    expect(request!.request).to.deep.equal(handshake!.request)
    expect(handshake!.request.target).to.equal('/')
    const fields = Object.fromEntries(handshake!.request.headers)
    expect(fields).to.include({ Authorization: '***', Cookie: '***', Host: new URL(url).host })
    expect(handshake!.response).to.include({ status: 101, statusText: 'Switching Protocols' })
    expect(inspect(seen)).not.to.include('secret').and.not.include('a=b')
    expect(open).to.include({ protocol: '', extensions: '' })
    expect(sent).to.include({ direction: 'sent', data: 'hello' })
    expect(sentFrame).to.include({ direction: 'sent', opcode: 1, fin: true, rsv1: false, length: 5 })
    expect(Buffer.from(sentFrame!.payload).toString()).to.equal('hello')
    expect(Math.abs(Date.now() - sentFrame!.time)).to.be.below(60_000)
    expect(frame).to.include({ direction: 'received', opcode: 2, fin: true, rsv1: false, length: 3 })
    expect([...frame!.payload]).to.deep.equal([1, 2, 3])
    expect(message).to.include({ direction: 'received' })
    expect(message!.data).to.be.instanceOf(Blob)
    expect(close).to.include({ code: 1000, reason: 'bye', wasClean: true })
  })

  it('tell of a failure, with the response', async () => {
    const seen = listen('whatwg-websocket:', ours)
    const server = await loopback.serveRaw()
    const socket = new WebSocket(server.url)
    const peer = await server.accept()
    await peer.write('HTTP/1.1 401 Unauthorized\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n')
    await next(socket, 'close')
    await published(seen, 'close')
    expect(seen.map(({ name }) => name)).to.deep.equal(['created', 'request', 'handshake', 'error', 'close'])
    expect(seen[2]!.message.response).to.deep.equal({
      status: 401,
      statusText: 'Unauthorized',
      headers: [
        ['set-cookie', '***'],
        ['content-length', '0'],
      ],
    })
    expect(seen[3]!.message.error).to.equal(failure(socket))
    expect(seen[4]!.message).to.include({ code: 1006, reason: '', wasClean: false })
  })

  it('tell of compressed and fragmented frames, and of long payloads their beginning', async () => {
    const { url, accept } = await loopback.serve({ perMessageDeflate: { threshold: 0 } })
    const seen = listen('whatwg-websocket:', ['frame', 'message'])
    const socket = new WebSocket(url)
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    const text = Array.from({ length: 200_000 }, (_, index) => index % 10).join('')
    peer.socket.send('part', { fin: false, compress: false })
    peer.socket.send(text, { fin: true, compress: false })
    peer.socket.send(text)
    await next(socket, 'message')
    await next(socket, 'message')
    const frames = seen.filter(({ name }) => name === 'frame').map(({ message }) => message)
    expect(frames.map(({ opcode, fin, rsv1 }) => ({ opcode, fin, rsv1 }))).to.deep.equal([
      { opcode: 1, fin: false, rsv1: false },
      { opcode: 0, fin: true, rsv1: false },
      { opcode: 1, fin: true, rsv1: true },
    ])
    expect(frames[1]!.length).to.equal(text.length)
    expect(frames[1]!.payload).to.have.length(64 * 1024)
    expect(frames[2]!.length).to.equal(frames[2]!.payload.length).and.be.below(10_000)
    const messages = seen.filter(({ name }) => name === 'message').map(({ message }) => message.data)
    expect(messages).to.deep.equal([`part${text}`, text])
  })

  it('tell of messages of a WebSocketStream, batches included', async () => {
    const seen = listen('whatwg-websocket:', ['created', 'open', 'message', 'close'])
    const { url, accept } = await loopback.serve()
    const stream = new WebSocketStream(url)
    const [peer, { readable, writable }] = await Promise.all([accept(), stream.opened])
    const writer = writable.getWriter()
    await writer.write('out')
    for (let index = 0; index < 8; index++) peer.socket.send(`in ${index}`)
    const reader = readable.getReader()
    for (let index = 0; index < 8; index++) expect((await reader.read()).value).to.equal(`in ${index}`)
    stream.close()
    await stream.closed
    await published(seen, 'close')
    expect(seen[0]).to.deep.include({ name: 'created' })
    expect(seen.at(-1)).to.deep.include({ name: 'close' })
    const data = seen.filter(({ name }) => name === 'message').map(({ message }) => message.data)
    expect(data).to.deep.equal(['out', ...Array.from({ length: 8 }, (_, index) => `in ${index}`)])
    expect(seen.every(({ message }) => message.socket === stream)).to.equal(true)
  })

  it('tell by the names and fields of undici', async () => {
    const seen = listen('undici:websocket:', ['open', 'close', 'socket_error', 'ping', 'pong'])
    const { url, accept } = await loopback.serve()
    const socket = new WebSocket(url)
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    const answered = new Promise(resolve => peer.socket.once('pong', resolve))
    peer.socket.ping('one')
    await answered
    peer.socket.terminate()
    await next(socket, 'close')
    await published(seen, 'close')
    expect(seen.map(({ name }) => name)).to.deep.equal(['open', 'ping', 'socket_error', 'close'])
    const [open, ping, error, close] = seen.map(({ message }) => message)
    expect(open).to.include({ protocol: '', extensions: '', websocket: socket })
    expect(open!.handshakeResponse).to.include({ status: 101, statusText: 'Switching Protocols' })
    expect(open!.handshakeResponse.headers).to.include({ upgrade: 'websocket' })
    expect(open!.address).to.deep.equal({ address: '127.0.0.1', family: 'IPv4', port: Number(new URL(url).port) })
    expect(Buffer.from(ping!.payload).toString()).to.equal('one')
    expect(error).to.equal(failure(socket))
    expect(close).to.deep.equal({ websocket: socket, code: 1006, reason: '' })
  })

  it('have the fields of a response whose names are those of members of an object', async () => {
    const seen = listen('undici:websocket:', ['open'])
    const server = await loopback.serveRaw()
    const socket = new WebSocket(server.url)
    const open = next(socket, 'open')
    const peer = await server.accept()
    await peer.accept('Constructor: one', 'constructor: two', '__proto__: three')
    await open
    const { headers } = seen[0]!.message.handshakeResponse
    expect(headers.constructor).to.equal('one, two')
    expect(Object.entries(headers)).to.deep.include(['__proto__', 'three'])
    peer.reset()
    await next(socket, 'close')
  })

  it("tell undici's address of the peer, over each way that knows it", async () => {
    const seen = listen('undici:websocket:', ['open'])
    const { url, port } = await loopback.serve()
    const six = await loopback.serve({ host: '::1' })
    const proxy = await startHttpProxy()
    const http2 = await startHttp2Server()
    const agent = new Agent()
    loopback.afterwards(async () => {
      agent.destroy()
      await Promise.all([proxy.close(), http2.close()])
    })
    http2.acceptAll()
    const local = (at: number): object => ({ address: '127.0.0.1', family: 'IPv4', port: at })
    const ways: [url: string, options: WebSocketOptions, address: object | null][] = [
      [six.url, {}, { address: '::1', family: 'IPv6', port: six.port }],
      [url, { proxy: `http://127.0.0.1:${proxy.port}` }, local(proxy.port)],
      [http2.url, { http2: 'only' }, local(http2.port)],
      [http2.url, { http2: 'only' }, local(http2.port)],
      [http2.url, { http2: 'only', proxy: `http://127.0.0.1:${proxy.port}` }, local(proxy.port)],
      [url, { agent }, local(port)],
      [url, { connect: () => connectTcp(port, '127.0.0.1') }, null],
    ]
    for (const [to, options] of ways) await loopback.open(to, options)
    expect(seen.map(({ message }) => message.address)).to.deep.equal(ways.map(([, , address]) => address))
  })

  it('subscribers that send, terminate or throw harm no other message', async () => {
    const { url, accept } = await loopback.serve()
    const thrown: unknown[] = []
    const handlers = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', error => thrown.push(error))
    unsubscribe.push(() => {
      process.removeAllListeners('uncaughtException')
      for (const handler of handlers) process.on('uncaughtException', handler)
    })
    let answers = 0
    const listener = (message: unknown): void => {
      const { direction, opcode, socket } = message as Message
      if (direction !== 'received' || opcode !== 1) return
      answers++
      socket.send('from a subscriber')
      throw new Error('a broken tool')
    }
    diagnostics.subscribe('whatwg-websocket:frame', listener)
    unsubscribe.push(() => diagnostics.unsubscribe('whatwg-websocket:frame', listener))
    const socket = new WebSocket(url)
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    peer.socket.send('one')
    expect((await peer.message()).text).to.equal('from a subscriber')
    socket.close()
    await next(socket, 'close')
    expect(answers).to.equal(1)
    expect(thrown.map(String)).to.deep.equal(['Error: a broken tool'])
  })
})
