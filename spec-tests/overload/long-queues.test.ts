import { expect } from 'chai'
import { drained, messages, ping, terminate, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import StandIn from '#lib/entry/ws.js'
import { memoryPair } from '#lib/transport/memory.js'
import { MemoryServer } from '../support/memory-server.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'
import { next, useLoopback } from '../support/ws-server.ts'

const COUNT = 20_000
/** So many elements may have to move when one is taken. */
const FEW = 1000

// `shift` and `splice` move all elements behind what they take: a queue of 100,000 that is emptied by them stops the event loop for
// seconds. So the arrays are looked at, not the time.
describe('Queues with much in them are emptied item by item in linear time', function () {
  this.timeout(60_000)
  const loopback = useLoopback()

  it('messages behind a Blob', async () => {
    const { socket, server } = await opened()
    const most = await mostMoved(async () => {
      socket.send(new Blob(['blob']))
      for (let count = 0; count < COUNT; count++) socket.send('x')
      await drained(socket)
    })
    expect(most).to.be.below(FEW)
    expect(socket.bufferedAmount).to.equal(0)
    await server.leave(true)
  })

  it('messages that the network does not take, each sent by itself', async () => {
    const { socket, server } = await opened()
    server.pause()
    for (let count = 0; count < COUNT; count++) {
      socket.send('x')
      await undefined
      await undefined
    }
    expect(socket.bufferedAmount).to.be.above(COUNT / 2)
    const most = await mostMoved(async () => {
      server.resume()
      await drained(socket)
    })
    expect(most).to.be.below(FEW)
    await server.leave(true)
  })

  it('pings that the network does not take', async () => {
    const { socket, server } = await opened()
    server.pause()
    // The second one waits here, so that pings do as well.
    for (let count = 0; count < 2; count++) {
      socket.send('x')
      await turns(1)
    }
    for (let count = 0; count < COUNT; count++) void ping(socket)
    const most = await mostMoved(async () => {
      server.resume()
      await turns(10)
    })
    expect(most).to.be.below(FEW)
    terminate(socket)
  })

  it('callbacks of the stand-in for ws', async () => {
    const { url, accept } = await loopback.serve({ perMessageDeflate: false })
    const client = new StandIn(url)
    const [peer] = await Promise.all([accept(), new Promise(resolve => client.once('open', resolve))])
    peer.socket.pause()
    const called: number[] = []
    const most = await mostMoved(async () => {
      const all = new Promise(resolve => {
        for (let count = 0; count < COUNT; count++)
          client.send('x'.repeat(500), () => called.push(count) === COUNT && resolve(0))
      })
      peer.socket.resume()
      await all
    })
    expect(most).to.be.below(FEW)
    expect(called).to.deep.equal([...Array(COUNT).keys()])
    client.terminate()
  })

  it('bytes between two ends within the process', async () => {
    const [here, there] = memoryPair()
    const arrived: number[] = []
    const ended = new Promise<void>(resolve => {
      there.start({ data: bytes => arrived.push(bytes[0]!), drain() {}, end: resolve, close() {} })
    })
    here.start({ data() {}, drain() {}, end() {}, close() {} })
    there.pause()
    for (let count = 0; count < COUNT; count++) here.write(Uint8Array.of(count), false)
    here.end()
    const most = await mostMoved(async () => {
      there.resume()
      await ended
    })
    expect(most).to.be.below(FEW)
    expect(arrived).to.deep.equal([...Array(COUNT).keys()].map(count => count & 255))
  })

  it('readers of messages(socket), and messages that wait for readers', async () => {
    const { socket, server } = await opened()
    const iterator = messages<string>(socket)
    const results = Array.from({ length: COUNT }, () => iterator.next())
    const expected = [...Array(COUNT).keys()].map(String)
    const most = await mostMoved(async () => {
      for (const text of expected) server.send(frame(TEXT, text))
      expect((await Promise.all(results)).map(({ value }) => value)).to.deep.equal(expected)
    })
    expect(most).to.be.below(FEW)
    for (const text of expected.slice(0, 5000)) server.send(frame(TEXT, text))
    await turns(100)
    for (const text of expected.slice(0, 5000)) expect((await iterator.next()).value).to.equal(text)
    await server.leave(true)
  })

  it('messages in a stream', async () => {
    const server = new MemoryServer()
    const stream = new WebSocketStream('ws://server.example/', { connect: server.client })
    await server.requested
    server.send(server.acceptance())
    const { readable } = await stream.opened
    const expected = [...Array(COUNT).keys()].map(String)
    for (const text of expected) server.send(frame(TEXT, text))
    await turns(10)
    const arrived: unknown[] = []
    const most = await mostMoved(async () => {
      for await (const message of readable as AsyncIterable<unknown>) if (arrived.push(message) === COUNT) break
    })
    expect(most).to.be.below(FEW)
    expect(arrived).to.deep.equal(expected)
    await server.leave(true)
  })

  async function opened() {
    const server = new MemoryServer()
    const socket = new WebSocket('ws://server.example/', { connect: server.client })
    await server.requested
    server.send(server.acceptance())
    await next(socket, 'open')
    return { socket, server }
  }
})

/** How many elements an array had at most that `shift` and `splice` took the first ones of. */
async function mostMoved(run: () => Promise<void>): Promise<number> {
  const { shift, splice } = Array.prototype
  let most = 0
  Array.prototype.shift = function (this: unknown[]) {
    most = Math.max(most, this.length)
    return shift.call(this)
  }
  Array.prototype.splice = function (this: unknown[], ...args: unknown[]) {
    // What takes all elements moves none.
    if (args.length > 1) most = Math.max(most, this.length)
    return Reflect.apply(splice, this, args)
  }
  try {
    await run()
  } finally {
    Object.assign(Array.prototype, { shift, splice })
  }
  return most
}
