/*
 * The program of web.test.ts. It runs where there is nothing but the web platform: its connection is a MessagePort, at the other
 * end of which somebody has a server.
 */

import { failure, type Pipe, type PipeSink, ping, WebSocket } from '#lib/entry/web.js'

/** A pipe over a port: bytes are messages, null is the end. */
class PortPipe implements Pipe {
  readonly #port: MessagePort
  #sink!: PipeSink

  constructor(port: MessagePort) {
    this.#port = port
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#port.onmessage = ({ data }: { data: Uint8Array | null }) => {
      if (data !== null) return sink.data(data)
      sink.end()
      sink.close()
    }
  }

  write(bytes: Uint8Array): boolean {
    this.#port.postMessage(bytes)
    return true
  }

  end(): void {
    this.#port.postMessage(null)
  }

  abort(): void {
    this.#port.close()
    Promise.resolve().then(() => this.#sink.close())
  }

  pause(): void {}

  resume(): void {}
}

type MessagePort = {
  onmessage: ((event: any) => void) | null
  postMessage(message: unknown): void
  close(): void
}

/** Exchanges messages over a port, and returns what was received, and how often each handler was called. */
export async function exchange(port: MessagePort): Promise<unknown> {
  const socket = new WebSocket('ws://example.test/', { connect: () => new PortPipe(port) })
  socket.binaryType = 'arraybuffer'
  const log: unknown[] = []
  socket.onopen = () => log.push('open', socket.extensions)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => {
      socket.send('Grüße 👋')
      socket.send(Uint8Array.of(1, 2, 3))
    })
    socket.onclose = () => reject(failure(socket))
    socket.onmessage = ({ data }) => {
      log.push(typeof data === 'string' ? data : [...new Uint8Array(data as ArrayBuffer)])
      Promise.resolve().then(() => log.push('microtask'))
      if (typeof data !== 'string') resolve()
    }
  })
  log.push((await ping(socket)) >= 0)
  const { code, wasClean } = await closed(socket)
  return { log, code, wasClean }
}

/** How an opening without a transport fails. */
export async function openWithoutTransport(): Promise<unknown> {
  const socket = new WebSocket('ws://example.test/')
  const { code } = await new Promise<{ code: number }>(resolve => {
    socket.onclose = resolve
  })
  return { code, message: failure(socket)?.message }
}

function closed(socket: WebSocket): Promise<{ code: number; wasClean: boolean }> {
  return new Promise(resolve => {
    socket.onclose = resolve
    socket.close(3000)
  })
}
