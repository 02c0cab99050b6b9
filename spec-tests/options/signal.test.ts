import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, WebSocketStream } from '#lib/entry/node.js'
import { runModule } from '../support/child.ts'
import { withProperty } from '../support/expect.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** The option `signal`, with signals of other libraries and other times, and one signal for many sockets. */
describe('The signal', () => {
  const loopback = useLoopback()
  const connect = () => new Promise<never>(() => {})

  /** As of jsdom 20 and of polyfills: no reason, and no `throwIfAborted`. */
  class OldSignal extends EventTarget {
    aborted = false
  }
  class OldController {
    readonly signal = new OldSignal()

    abort(): void {
      this.signal.aborted = true
      this.signal.dispatchEvent(new Event('abort'))
    }
  }

  it('of many sockets has one listener, which makes no warning, and is gone with the last of them', async () => {
    const { lines, errors } = await runModule(`
      import { getEventListeners } from 'node:events'
      import { WebSocket } from '#lib/entry/node.js'
      process.on('warning', warning => console.log(warning.name))
      const controller = new AbortController()
      const { signal } = controller
      const options = { signal, connect: () => new Promise(() => {}) }
      const sockets = Array.from({ length: 40 }, (_, index) => new WebSocket('ws://host-' + index + '.test/', options))
      const closed = sockets.map(socket => new Promise(resolve => socket.addEventListener('close', resolve)))
      console.log(getEventListeners(signal, 'abort').length)
      for (const socket of sockets.slice(0, 20)) socket.close()
      await Promise.all(closed.slice(0, 20))
      console.log(getEventListeners(signal, 'abort').length)
      controller.abort()
      const codes = (await Promise.all(closed)).map(({ code }) => code)
      console.log(codes.length, new Set(codes).size, getEventListeners(signal, 'abort').length)
    `)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(['1', '1', '40 1 0'])
  })

  it('is used again by a socket that comes after all others have gone', async () => {
    const controller = new AbortController()
    const { signal } = controller
    for (let round = 0; round < 3; round++) {
      const socket = loopback.socket('ws://host.test/', { signal, connect })
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(1)
      socket.close()
      await next(socket, 'close')
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(0)
    }
    const socket = loopback.socket('ws://host.test/', { signal, connect })
    controller.abort()
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_ABORTED')
  })

  it('aborts all its sockets, also if the transport of one throws', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const throwing = {
      start() {},
      write: () => true,
      end() {},
      pause() {},
      resume() {},
      abort: () => {
        throw new Error('mine')
      },
    }
    const broken = loopback.socket('ws://host-1.test/', { signal, connect: () => throwing })
    await turn()
    const other = loopback.socket('ws://host-2.test/', { signal, connect })
    controller.abort()
    await Promise.all([next(broken, 'close'), next(other, 'close')])
    for (const socket of [broken, other]) expect(failure(socket)!.code).to.equal('WS_ERR_ABORTED')
  })

  it('may be an older one: the failure has the reason that signals have by default', async () => {
    for (const abortedBefore of [false, true]) {
      const controller = new OldController()
      if (abortedBefore) controller.abort()
      const options = { signal: controller.signal as unknown as AbortSignal, connect }
      const socket = loopback.socket('ws://host.test/', options)
      const stream = new WebSocketStream('ws://host.test/', options)
      if (!abortedBefore) controller.abort()
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_ABORTED')
      expect(failure(socket)!.cause).to.have.property('name', 'AbortError')
      for (const promise of [stream.opened, stream.closed]) {
        const reason = await promise.then(
          () => undefined,
          error => error,
        )
        expect(reason).to.be.an.instanceof(DOMException)
        expect(reason.name).to.equal('AbortError')
      }
    }
  })

  it('opens connections where the global AbortController is an older one', async () => {
    const server = await loopback.serve()
    await withProperty(globalThis, 'AbortController', OldController, () => loopback.open(server.url))
  })
})
