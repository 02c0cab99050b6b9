import { expect } from 'chai'
import { disposable, failure, messages, terminate, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { next, useLoopback } from '../support/ws-server.ts'

describe('messages(socket)', () => {
  const loopback = useLoopback()

  async function opened() {
    const { url, accept } = await loopback.serve()
    const socket = new WebSocket(url)
    const iterator = messages<string>(socket)
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    return { socket, iterator, peer }
  }

  it('gives the messages in order, and ends behind the last one when the socket has closed', async () => {
    const { iterator, peer } = await opened()
    for (const text of ['a', 'b', 'c']) peer.socket.send(text)
    peer.socket.close()
    const seen: string[] = []
    for await (const message of iterator) seen.push(message)
    expect(seen).to.deep.equal(['a', 'b', 'c'])
    expect(await iterator.next()).to.deep.equal({ done: true, value: undefined })
  })

  it('gives binary messages as the events have them', async () => {
    const { socket, iterator, peer } = await opened()
    socket.binaryType = 'arraybuffer'
    peer.socket.send(Buffer.from([1, 2]))
    const { value } = await iterator.next()
    expect([...new Uint8Array(value as unknown as ArrayBuffer)]).to.deep.equal([1, 2])
  })

  it('throws the failure once, behind the messages that arrived before', async () => {
    const { socket, iterator, peer } = await opened()
    peer.socket.send('last')
    await next(socket, 'message')
    peer.socket.terminate()
    await next(socket, 'close')
    expect((await iterator.next()).value).to.equal('last')
    const error: unknown = await iterator.next().catch((reason: unknown) => reason)
    expect(error).to.equal(failure(socket)).and.have.property('code', 'WS_ERR_CONNECTION_LOST')
    expect((await iterator.next()).done).to.equal(true)
  })

  it('throws to a reader that waits, and for a socket that has failed before the call', async () => {
    const { socket, iterator } = await opened()
    const waiting = iterator.next().catch((reason: unknown) => reason)
    terminate(socket)
    expect(await waiting).to.have.property('code', 'WS_ERR_TERMINATED')
    expect(
      await messages(socket)
        .next()
        .catch((reason: unknown) => reason),
    ).to.equal(failure(socket))
  })

  it('is left by break, with the socket open', async () => {
    const { socket, iterator, peer } = await opened()
    peer.socket.send('a')
    for await (const message of iterator) {
      expect(message).to.equal('a')
      break
    }
    expect(socket.readyState).to.equal(WebSocket.OPEN)
    const again = messages<string>(socket)
    peer.socket.send('b')
    expect((await again.next()).value).to.equal('b')
    expect((await iterator.next()).done).to.equal(true)
  })

  it('holds the server back while much waits, and goes on when it was read', async () => {
    const { socket, iterator, peer } = await opened()
    const text = 'x'.repeat(64 * 1024)
    const count = 1024
    let dispatched = 0
    socket.addEventListener('message', () => dispatched++)
    for (let index = 0; index < count; index++) peer.socket.send(text)
    // Everything that the client reads before it pauses: its pong comes behind that, or not at all.
    while (dispatched < 8) await next(socket, 'message')
    let before = -1
    while (before !== dispatched) {
      before = dispatched
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    }
    expect(dispatched).to.be.below(32)
    expect(peer.socket.bufferedAmount).to.be.above(0)
    for (let index = 0; index < count; index++) expect((await iterator.next()).value).to.have.length(text.length)
    expect(dispatched).to.equal(count)
  })

  it('does not hold up the closing handshake of a socket that the user closes', async () => {
    const { socket, peer } = await opened()
    const text = 'x'.repeat(64 * 1024)
    for (let index = 0; index < 64; index++) peer.socket.send(text)
    for (let index = 0; index < 8; index++) await next(socket, 'message')
    const closed = next(socket, 'close')
    socket.close()
    expect(((await closed) as unknown as { wasClean: boolean }).wasClean).to.equal(true)
  })

  it('takes a WebSocket of this package only', () => {
    expect(() => messages({} as WebSocket)).to.throw(TypeError)
    expect(() => messages(new EventTarget() as WebSocket)).to.throw(TypeError)
  })
})

describe('disposable(socket)', () => {
  const loopback = useLoopback()
  const { dispose, asyncDispose } = Symbol as unknown as Record<'dispose' | 'asyncDispose', symbol>
  type Methods = Record<symbol, () => unknown>

  it('closes a WebSocket at the end of a block', async () => {
    const { url, accept } = await loopback.serve()
    const socket = new WebSocket(url)
    expect(disposable(socket)).to.equal(socket)
    const [peer] = await Promise.all([accept(), next(socket, 'open')])
    expect((socket as unknown as Methods)[dispose]!()).to.equal(undefined)
    expect(socket.readyState).to.equal(WebSocket.CLOSING)
    await (socket as unknown as Methods)[asyncDispose]!()
    expect(socket.readyState).to.equal(WebSocket.CLOSED)
    expect((await peer.closed).code).to.equal(1005)
    await (socket as unknown as Methods)[asyncDispose]!()
  })

  it('closes a WebSocketStream, and does not throw why it failed', async () => {
    const { url, accept } = await loopback.serve()
    const stream = disposable(new WebSocketStream(url))
    const [peer] = await Promise.all([accept(), stream.opened])
    await (stream as unknown as Methods)[asyncDispose]!()
    expect((await peer.closed).code).to.equal(1005)
    const refused = disposable(new WebSocketStream('ws://127.0.0.1:1/'))
    await (refused as unknown as Methods)[asyncDispose]!()
    await refused.opened.catch(() => {})
  })

  it('leaves the class as the browser has it', () => {
    expect(dispose in WebSocket.prototype || asyncDispose in WebSocket.prototype).to.equal(false)
    expect(() => disposable({} as WebSocket)).to.throw(TypeError)
  })
})
