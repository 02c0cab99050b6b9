import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { failure, ping, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { CLOSE, closeBody, type RawPeer, TEXT } from '../support/raw-server.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { useStreams } from '../support/streams.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

type Options = ConstructorParameters<typeof WebSocketStream>[1]

/** Collects garbage until a promise is settled, two seconds at most. */
async function collectUntil<Value>(promise: Promise<Value>): Promise<Value> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  for (let round = 0; round < 200 && !settled; round++) {
    collect()
    await sleep(10)
  }
  expect(settled, 'the connection takes notice').to.equal(true)
  return promise
}

/** Collects garbage for a while, in which an abandoned stream would be collected. */
async function collectForAWhile(): Promise<void> {
  for (let round = 0; round < 10; round++) {
    collect()
    await sleep(5)
  }
}

/** Collects garbage until a reference is empty, two seconds at most. */
async function expectFreed(reference: WeakRef<object>): Promise<void> {
  let freed = false
  // In the job in which it is asked for, its object is kept: it is asked for after a collection.
  for (let round = 0; round < 200 && !freed; round++) {
    await sleep(10)
    collect()
    freed = reference.deref() === undefined
  }
  expect(freed).to.equal(true)
}

/** Opens a stream that nobody holds, and collects garbage until its connection has ended. */
const BUN_PROGRAM = `
  import { WebSocketStream } from '#lib/entry/node.js'
  await (async () => { await new WebSocketStream(process.argv.at(-1)).opened })()
  const timer = setInterval(() => Bun.gc(true), 10)
  timer.unref()
`

/** Keeps the failure of a socket that was lost, and prints whether the socket was freed, and the code of the failure. */
const BUN_FAILURE_PROGRAM = `
  import { failure, WebSocket } from '#lib/entry/node.js'
  const lose = async () => {
    const socket = new WebSocket(process.argv.at(-1))
    await new Promise(resolve => socket.addEventListener('close', resolve))
    return { error: failure(socket), reference: new WeakRef(socket) }
  }
  const { error, reference } = await lose()
  let isFreed = false
  for (let round = 0; round < 200 && !isFreed; round++) {
    await new Promise(resolve => setTimeout(resolve, 10))
    Bun.gc(true)
    isFreed = reference.deref() === undefined
  }
  console.log(isFreed, error.code)
`

// "If a WebSocket object is garbage collected while its connection is still open, the user agent must start the WebSocket closing
// handshake, with no status code for the Close message."
describe('WebSocketStream, abandoned', function () {
  this.timeout(60_000)
  const loopback = useStreams()

  /** Opens a stream, and keeps what `keep` returns of it. */
  async function open<Kept>(
    keep: (stream: WebSocketStream, peer: RawPeer) => Promise<Kept> | Kept,
    options: Options = {},
  ): Promise<{ peer: RawPeer; kept: Kept }> {
    const server = await loopback.serveRaw()
    const stream = new WebSocketStream(server.url, options)
    const peer = await server.accept()
    await peer.accept()
    await stream.opened
    return { peer, kept: await keep(stream, peer) }
  }

  async function expectClosing(peer: RawPeer): Promise<void> {
    const frame = await collectUntil(peer.readFrame())
    expect(frame.opcode).to.equal(CLOSE)
    expect(frame.payload).to.have.lengthOf(0)
    await peer.send(CLOSE)
    peer.end()
    await peer.ended
  }

  /** Nothing has come from the client but what follows now. */
  async function expectOpen(peer: RawPeer): Promise<void> {
    let left = false
    void peer.ended.then(
      () => (left = true),
      () => (left = true),
    )
    await collectForAWhile()
    expect(left).to.equal(false)
  }

  it('starts the closing handshake with no status code', async () => {
    const { peer } = await open(() => undefined)
    await expectClosing(peer)
  })

  it('does so behind messages that were read and written', async () => {
    const { peer } = await open(async (stream, peer) => {
      const { readable, writable } = await stream.opened
      await peer.send(TEXT, 'one')
      expect((await readable.getReader().read()).value).to.equal('one')
      await writable.getWriter().write('two')
      expect((await peer.readFrame()).text).to.equal('two')
    })
    await expectClosing(peer)
  })

  it('does so with messages that nobody has read, more than are taken before reading pauses', async () => {
    const { peer } = await open(async (_stream, peer) => {
      const message = 'x'.repeat(100_000)
      for (let count = 0; count < 20; count++) void peer.send(TEXT, message)
    })
    await expectClosing(peer)
  })

  it('does so with a heartbeat', async () => {
    const { peer } = await open(() => undefined, { heartbeat: { interval: 60_000, timeout: 60_000 } })
    await expectClosing(peer)
  })

  it('limits the time for the answer of the server', async () => {
    const { peer } = await open(() => undefined, { closeTimeout: 50 })
    expect((await collectUntil(peer.readFrame())).opcode).to.equal(CLOSE)
    await peer.ended
  })

  it('answers a Close frame of the server that comes after the collection', async () => {
    const { peer } = await open(() => undefined)
    await collectUntil(peer.readFrame())
    await peer.send(CLOSE, closeBody(1000))
    peer.end()
    await peer.ended
  })

  it('stays open while the readable, the writable, a reader or a writer is held', async () => {
    for (const part of ['readable', 'writable', 'reader', 'writer'] as const) {
      const { peer, kept } = await open(async stream => {
        const { readable, writable } = await stream.opened
        const parts = {
          readable: () => readable,
          writable: () => writable,
          reader: () => readable.getReader(),
          writer: () => writable.getWriter(),
        }
        return parts[part]()
      })
      await expectOpen(peer)
      expect(typeof kept).to.equal('object')
      peer.reset()
    }
  })

  it('stays open while the promise "opened" is held', async () => {
    const { peer, kept } = await open(stream => ({ opened: stream.opened }))
    await expectOpen(peer)
    const { writable } = await kept.opened
    await writable.getWriter().write('later')
    expect((await peer.readFrame()).text).to.equal('later')
  })

  it('stays open while somebody waits for "closed", which settles', async () => {
    const { peer, kept } = await open(stream => {
      const seen: number[] = []
      const done = stream.closed.then(({ closeCode }) => void seen.push(closeCode!))
      return { seen, done }
    })
    await expectOpen(peer)
    await peer.send(CLOSE, closeBody(3000))
    await peer.readFrame()
    peer.end()
    await kept.done
    expect(kept.seen).to.deep.equal([3000])
  })

  it('stays open while a read waits, though nobody holds its reader', async () => {
    const { peer, kept } = await open(async stream => {
      const { readable } = await stream.opened
      const seen: unknown[] = []
      const loop = (async () => {
        for await (const message of readable) {
          seen.push(message)
          if (seen.length === 2) return
        }
      })()
      return { seen, loop }
    })
    await expectOpen(peer)
    await peer.send(TEXT, 'one')
    await expectOpen(peer)
    await peer.send(TEXT, 'two')
    await kept.loop
    expect(kept.seen).to.deep.equal(['one', 'two'])
    peer.reset()
  })

  it('stays open while a pong is awaited', async () => {
    const { peer, kept } = await open(stream => ({ answered: ping(stream) }))
    const { payload } = await peer.readFrame()
    await expectOpen(peer)
    await peer.send(10, payload)
    expect(await kept.answered).to.be.a('number')
    await expectClosing(peer)
  })

  it('starts the closing handshake on Bun', async function () {
    this.timeout(INSTALL_LIMIT)
    const bun = await ensureRuntime('bun')
    const server = await loopback.serveRaw()
    const child = spawn(bun, ['-e', BUN_PROGRAM, server.url], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = new Promise(resolve => child.once('close', resolve))
    const peer = await server.accept()
    await peer.accept()
    const frame = await peer.readFrame()
    expect(frame.opcode).to.equal(CLOSE)
    expect(frame.payload).to.have.lengthOf(0)
    await peer.send(CLOSE)
    peer.end()
    // Nothing else keeps the process.
    await ended
  })

  it('frees the socket of a failure that is kept', async () => {
    const server = await loopback.serveRaw()
    const make = async (): Promise<{ error: unknown; socket: WeakRef<object> }> => {
      const socket = new WebSocket(server.url)
      const closed = new Promise(resolve => socket.addEventListener('close', resolve))
      const peer = await server.accept()
      await peer.accept()
      peer.reset()
      await closed
      return { error: failure(socket), socket: new WeakRef(socket) }
    }
    const { error, socket } = await make()
    await expectFreed(socket)
    expect(error).to.have.property('code', 'WS_ERR_CONNECTION_LOST')
  })

  it('frees the socket of a failure that is kept, on Bun', async function () {
    this.timeout(INSTALL_LIMIT)
    const bun = await ensureRuntime('bun')
    const server = await loopback.serveRaw()
    const child = spawn(bun, ['-e', BUN_FAILURE_PROGRAM, server.url], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const peer = await server.accept()
    await peer.accept()
    peer.reset()
    expect((await text(child.stdout)).trim()).to.equal('true WS_ERR_CONNECTION_LOST')
  })

  it('frees what it held once the connection has ended', async () => {
    const { peer, kept } = await open(stream => {
      stream.closed.catch(() => {})
      return new WeakRef(stream)
    })
    peer.reset()
    await peer.closed
    await expectFreed(kept)
  })
})
