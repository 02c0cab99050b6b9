import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { WebSocketStream } from '#lib/entry/node.js'
import { rejectionOf } from '../support/expect.ts'
import { CLOSE, closeBody } from '../support/raw-server.ts'
import { useStreams } from '../support/streams.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects garbage until a reference is empty; a limit keeps a leak from running for ever. */
async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    collect()
    if (reference.deref() === undefined) return true
    await sleep(10)
  }
  return false
}

describe('WebSocketStream, garbage collection', function () {
  this.timeout(60_000)
  const loopback = useStreams()

  it('frees a stream that has closed', async () => {
    const server = await loopback.serveRaw()
    const controller = new AbortController()
    const reference = await (async () => {
      const stream = untracked(server.url, controller.signal)
      const peer = await server.accept()
      await peer.accept()
      const { readable, writable } = await stream.opened
      const writer = writable.getWriter()
      await writer.write('message')
      const reading = readable.getReader().read()
      stream.close()
      await peer.readFrame()
      await peer.readFrame()
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
      await stream.closed
      await reading
      return new WeakRef(stream)
    })()
    expect(await isCollected(reference)).to.equal(true)
    expect(controller.signal.aborted).to.equal(false)
  })

  it('frees a stream that never opened, while its signal lives', async () => {
    const server = await loopback.serveRaw()
    const controller = new AbortController()
    const reference = await (async () => {
      const stream = untracked(server.url, controller.signal)
      const peer = await server.accept()
      await peer.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
      await rejectionOf(stream.opened)
      return new WeakRef(stream)
    })()
    expect(await isCollected(reference)).to.equal(true)
    expect(controller.signal.aborted).to.equal(false)
  })

  it('keeps a connection that is open, and its writes, without a reference to the stream', async () => {
    const server = await loopback.serveRaw()
    const { writing, reference } = await (async () => {
      const stream = untracked(server.url)
      const peer = await server.accept()
      await peer.accept()
      const { writable } = await stream.opened
      const writer = writable.getWriter()
      const writes = Array.from({ length: 20 }, () => writer.write(new Uint8Array(100_000)))
      return { writing: Promise.all(writes), reference: { peer } }
    })()
    for (let round = 0; round < 5; round++) {
      collect()
      await sleep(1)
    }
    for (let index = 0; index < 20; index++) {
      expect((await reference.peer.readFrame()).payload).to.have.lengthOf(100_000)
    }
    await writing
    reference.peer.reset()
  })

  /** A stream that nothing else holds. */
  function untracked(url: string, signal?: AbortSignal): WebSocketStream {
    return new WebSocketStream(url, signal === undefined ? {} : { signal })
  }
})
