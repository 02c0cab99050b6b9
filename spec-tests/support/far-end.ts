import type { Socket } from 'node:net'
import type { Pipe } from '#lib/transport/pipe.js'

/** The other end of a pipe under test, made without the code under test where there is a way. */
export interface FarEnd {
  /** What has come so far. */
  readonly received: Buffer
  /** Bytes that were written here and that the way to the pipe has not taken. */
  readonly waiting: number
  /** The pipe ended its side. */
  readonly ended: Promise<void>
  /** Nothing goes either way any more. */
  readonly closed: Promise<void>
  /** Resolves when the bytes are on their way, or can never be. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when so many bytes have come in all. */
  read(total: number): Promise<Buffer>
  /** Takes nothing until `readOn`. */
  stopReading(): void
  readOn(): void
  end(): void
  /** Breaks the connection in such a way that the other side sees an error. */
  break(): void
}

/** What has come, and who waits for it. */
class Inbox {
  #chunks: Buffer[] = []
  #length = 0
  #waiting: { readonly total: number; readonly resolve: (bytes: Buffer) => void }[] = []

  get received(): Buffer {
    this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes))
    this.#length += bytes.length
    this.#waiting = this.#waiting.filter(({ total, resolve }) => {
      if (this.#length >= total) resolve(this.received)
      return this.#length < total
    })
  }

  read(total: number): Promise<Buffer> {
    if (this.#length >= total) return Promise.resolve(this.received)
    return new Promise(resolve => this.#waiting.push({ total, resolve }))
  }
}

/** @param tcp the TCP socket below, to reset it */
export function socketFarEnd(socket: Socket, tcp: Socket = socket): FarEnd {
  const inbox = new Inbox()
  socket.on('data', bytes => inbox.push(bytes))
  for (const one of [socket, tcp]) one.on('error', () => {})
  const closed = new Promise<void>(resolve => {
    socket.once('close', () => resolve())
  })
  return {
    get received() {
      return inbox.received
    },
    get waiting() {
      return socket.writableLength
    },
    ended: new Promise(resolve => {
      socket.once('end', resolve)
    }),
    closed,
    write: bytes => new Promise(resolve => socket.write(bytes, () => resolve())),
    read: total => inbox.read(total),
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    end: () => void socket.end(),
    break: () => void tcp.resetAndDestroy(),
  }
}

/** The other end of a pair of web streams. */
export function streamsFarEnd(readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): FarEnd {
  const inbox = new Inbox()
  const reader = readable.getReader()
  const writer = writable.getWriter()
  let waiting = 0
  let stopped: Promise<void> | undefined
  let goOn = (): void => {}
  const gone = Promise.allSettled([reader.closed, writer.closed]).then(() => {})
  const ended = (async () => {
    for (;;) {
      await stopped
      const { done, value } = await reader.read()
      if (done) return
      inbox.push(value)
    }
  })()
  ended.catch(() => {})
  return {
    get received() {
      return inbox.received
    },
    get waiting() {
      return waiting
    },
    ended,
    closed: gone,
    async write(bytes) {
      waiting += bytes.length
      await writer.write(bytes).then(
        () => {
          waiting -= bytes.length
        },
        () => {},
      )
    },
    read: total => inbox.read(total),
    stopReading() {
      stopped = new Promise(resolve => {
        goOn = resolve
      })
    },
    readOn() {
      stopped = undefined
      goOn()
    },
    end: () => void writer.close().catch(() => {}),
    break() {
      const reason = new Error('The far end broke')
      writer.abort(reason).catch(() => {})
      reader.cancel(reason).catch(() => {})
    },
  }
}

/** The other end of a memory pair. */
export function pipeFarEnd(pipe: Pipe): FarEnd {
  const inbox = new Inbox()
  let end!: () => void
  let close!: () => void
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const closed = new Promise<void>(resolve => {
    close = resolve
  })
  let drained = (): void => {}
  pipe.start({ data: bytes => inbox.push(bytes), drain: () => drained(), end, close: () => close() })
  return {
    get received() {
      return inbox.received
    },
    get waiting() {
      return pipe.buffered!
    },
    ended,
    closed,
    async write(bytes) {
      if (pipe.write(bytes, false)) return
      const left = new Promise<void>(resolve => {
        drained = resolve
      })
      await Promise.race([left, closed])
    },
    read: total => inbox.read(total),
    stopReading: () => pipe.pause(),
    readOn: () => pipe.resume(),
    end: () => pipe.end(),
    break: () => pipe.abort(),
  }
}
