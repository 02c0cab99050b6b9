/*
 * The worker of workerd.test.ts. Each function is called in a request of its own, and returns what the test looks at.
 */

import {
  CloseEvent,
  drained,
  failure,
  MessageEvent,
  ping,
  terminate,
  WebSocket,
  type WebSocketOptions,
  WebSocketStream,
} from '#lib/entry/workerd.js'
import { workerOf } from '../support/worker-calls.ts'

type Options = Pick<WebSocketOptions, 'perMessageDeflate' | 'handshakeTimeout' | 'tls' | 'connectInParallel'>

function next(socket: WebSocket, type: string): Promise<any> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(type, resolve, { once: true })
    if (type === 'close') return
    socket.addEventListener('close', () => reject(failure(socket) ?? new Error('The socket was closed')), {
      once: true,
    })
  })
}

async function open(url: string, options: Options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options)
  await next(socket, 'open')
  return socket
}

async function closed(socket: WebSocket): Promise<[code: number, reason: string, wasClean: boolean]> {
  const event = next(socket, 'close')
  socket.close(3000, 'done')
  const { code, reason, wasClean } = await event
  return [code, reason, wasClean]
}

/** What a call throws, as text; "nothing" if it returns. */
function thrown(call: () => unknown): string {
  try {
    call()
    return 'nothing'
  } catch (error) {
    return String(error)
  }
}

/** The classes of the host. */
const host = globalThis as unknown as Record<'MessageEvent' | 'CloseEvent', new () => Event>

/** Sockets that one request leaves to the next. */
const kept: { socket?: WebSocket; stream?: WebSocketStream; writer?: { write(chunk: string): Promise<void> } } = {}

/** What the constructor throws where there is no request: while the worker is loaded. */
const atLoad = thrown(() => new WebSocket('ws://127.0.0.1/'))

export default workerOf({
  atLoad: () => atLoad,

  async exchange(url: string, options?: Options) {
    const socket = await open(url, options)
    socket.binaryType = 'arraybuffer'
    const received: unknown[] = []
    socket.send('Grüße 👋')
    received.push((await next(socket, 'message')).data)
    socket.send(Uint8Array.of(1, 2, 3))
    received.push([...new Uint8Array((await next(socket, 'message')).data)])
    socket.send(new Blob(['abc']))
    received.push([...new Uint8Array((await next(socket, 'message')).data)])
    socket.binaryType = 'blob'
    socket.send(Uint8Array.of(65))
    const { data } = await next(socket, 'message')
    received.push([data instanceof Blob, await data.text()])
    return { received, extensions: socket.extensions, closed: await closed(socket) }
  },

  async long(url: string, length: number, options?: Options) {
    const socket = await open(url, options)
    const text = 'x€'.repeat(length / 2)
    socket.send(text)
    const waiting = socket.bufferedAmount > 0
    const answer = next(socket, 'message')
    await drained(socket)
    const same = (await answer).data === text
    return { waiting, same, buffered: socket.bufferedAmount, closed: await closed(socket) }
  },

  async events(url: string) {
    const socket = new WebSocket(url)
    const log: string[] = []
    socket.addEventListener('open', () => log.push('first listener'))
    socket.onopen = function (event) {
      log.push(`handler ${this === socket} ${event.isTrusted} ${socket.onopen === this.onopen && this.onopen !== null}`)
    }
    socket.addEventListener('open', () => log.push('last listener'))
    socket.onmessage = () => log.push('replaced')
    socket.onmessage = event =>
      log.push(`message ${event instanceof host.MessageEvent} ${event instanceof MessageEvent}`)
    socket.onerror = () => log.push('error')
    socket.onclose = event => log.push(`close ${event instanceof host.CloseEvent} ${event instanceof CloseEvent}`)
    await next(socket, 'open')
    socket.dispatchEvent(new Event('open'))
    socket.onopen = null
    socket.dispatchEvent(new Event('open'))
    socket.send('text')
    await next(socket, 'message')
    await closed(socket)
    return { log, isHostTarget: Object.getPrototypeOf(WebSocket) === EventTarget }
  },

  /** A server that sends `count` numbers at once. */
  async turns(url: string, count: number) {
    const socket = await open(url)
    const log: string[] = []
    await new Promise<void>(resolve => {
      let left = count
      socket.onmessage = ({ data }) => {
        log.push(data as string)
        Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => log.push(`after ${data}`))
        if (--left === 0) setTimeout(resolve, 0)
      }
    })
    await closed(socket)
    return log
  },

  async ping(url: string) {
    const socket = await open(url)
    const milliseconds = await ping(socket, 'payload')
    await closed(socket)
    return milliseconds
  },

  async stream(url: string, count: number) {
    const socket = new WebSocketStream(url)
    const { readable, writable } = await socket.opened
    const writer = writable.getWriter()
    const received: unknown[] = []
    const reading = (async () => {
      const reader = readable.getReader()
      while (received.length <= count) {
        const { value } = await reader.read()
        received.push(typeof value === 'string' ? value : value!.length)
      }
    })()
    for (let number = 0; number < count; number++) await writer.write(String(number))
    await writer.write(new Uint8Array(5))
    await reading
    socket.close({ closeCode: 3001, reason: 'done' })
    return { received, closed: await socket.closed }
  },

  async many(url: string, count: number) {
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const socket = await open(url)
        socket.send(String(index))
        const { data } = await next(socket, 'message')
        return [data, ...(await closed(socket))]
      }),
    )
  },

  /** Two sockets to one server, which opens them. */
  async two(url: string) {
    const sockets = [new WebSocket(url), new WebSocket(url)]
    await Promise.all(sockets.map(socket => next(socket, 'open')))
    for (const socket of sockets) terminate(socket)
    return 'both open'
  },

  /** How an opening fails. */
  async fails(url: string, options?: Options & { aborts?: boolean }) {
    const { aborts = false, ...others } = options ?? {}
    const controller = new AbortController()
    const socket = new WebSocket(url, { ...others, signal: controller.signal })
    if (aborts) controller.abort()
    const { code } = await next(socket, 'close')
    return { code, failure: failure(socket)?.code, message: failure(socket)?.message }
  },

  async terminate(url: string) {
    const socket = await open(url)
    terminate(socket)
    return (await next(socket, 'close')).code
  },

  /** Messages of a socket whose transport is a pair of streams of the caller's. */
  async overStreams(port: number) {
    const { connect } = await import('cloudflare:sockets' as string)
    const socket = new WebSocket('ws://example.test/', {
      connect: () => connect({ hostname: '127.0.0.1', port }, { allowHalfOpen: true }),
    })
    await next(socket, 'open')
    socket.send('over streams')
    const { data } = await next(socket, 'message')
    return [data, ...(await closed(socket))]
  },

  /** The contexts in which the listeners of two sockets of one request run. */
  async contexts(url: string, count: number) {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const storage = new AsyncLocalStorage<string>()
    const wrong: string[] = []
    await Promise.all(
      ['a', 'b'].map(name =>
        storage.run(name, async () => {
          const socket = await open(url)
          let left = count
          await new Promise<void>(resolve => {
            socket.onmessage = () => {
              if (storage.getStore() !== name) wrong.push(`${name} in the context of ${storage.getStore()}`)
              if (--left === 0) resolve()
            }
            for (let index = 0; index < count; index++) socket.send(String(index))
          })
          await closed(socket)
        }),
      ),
    )
    return wrong
  },

  // Requests that meet each other.

  /** Ends while its sockets are connecting, open, and have messages to deliver. */
  async leave(burst: string, silent: string) {
    const socket = await open(burst)
    socket.onmessage = () => {}
    socket.send('left behind')
    kept.socket = socket
    new WebSocket(silent)
    return socket.readyState
  },

  /** Keeps a socket open for other requests, until they have had `meanwhile` answered. */
  async hold(url: string, meanwhile: string) {
    const socket = await open(url)
    const stream = new WebSocketStream(url)
    const { writable } = await stream.opened
    Object.assign(kept, { socket, stream, writer: writable.getWriter() })
    await fetch(meanwhile)
    socket.send('still here')
    const { data } = await next(socket, 'message')
    return [data, ...(await closed(socket))]
  },

  /** What becomes of calls on the sockets of another request. */
  async steal() {
    const { socket, stream, writer } = kept
    return {
      send: thrown(() => socket!.send('stolen')),
      close: thrown(() => socket!.close()),
      bufferedAmount: thrown(() => socket!.bufferedAmount),
      ping: thrown(() => ping(socket!)),
      terminate: thrown(() => terminate(socket!)),
      drained: thrown(() => drained(socket!)),
      closeStream: thrown(() => stream!.close()),
      write: await writer!.write('stolen').then(
        () => 'nothing',
        (error: unknown) => String(error),
      ),
      readyState: socket!.readyState,
    }
  },
})
