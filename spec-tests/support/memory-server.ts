import type { InflateParameters } from '#lib/codec/compression.js'
import { memoryPair } from '#lib/transport/memory.js'
import type { Pipe, PipeSink } from '#lib/transport/pipe.js'
import { acceptanceFor } from './acceptance.ts'
import { writeParameters } from './server-deflate.ts'
import { turns } from './turns.ts'

/** The far end of a connection within the process: it does what it is told, and throws away what comes. */
export class MemoryServer {
  /** For the option `connect`. */
  readonly client: Pipe
  /** The request head has come; or the client went before it was whole. */
  readonly requested: Promise<void>
  /** The client has ended its side. */
  readonly ended: Promise<void>
  readonly #pipe: Pipe
  #request = ''
  #gotRequest!: () => void

  constructor() {
    const [client, server] = memoryPair()
    this.client = client
    this.#pipe = server
    this.requested = new Promise(resolve => {
      this.#gotRequest = resolve
    })
    this.ended = new Promise(resolve => {
      server.start({
        data: bytes => this.#receive(bytes),
        drain() {},
        end: resolve,
        close: this.#gotRequest,
      } satisfies PipeSink)
    })
  }

  /** A response that fits the request. */
  acceptance(...lines: string[]): Buffer {
    return acceptanceFor(this.#request, ...lines)
  }

  send(bytes: Uint8Array): void {
    this.#pipe.write(Uint8Array.from(bytes), false)
  }

  /** No more comes from here. */
  end(): void {
    this.#pipe.end()
  }

  /** The connection breaks. */
  abort(): void {
    this.#pipe.abort()
  }

  /** Reads what there is, and goes, with a FIN first or all at once. */
  async leave(withFin: boolean): Promise<void> {
    this.resume()
    if (withFin) {
      this.end()
      await turns(10)
    }
    this.abort()
  }

  /** Reads no more, so that the client's bytes have to wait; `resume` goes on. */
  pause(): void {
    this.#pipe.pause()
  }

  resume(): void {
    this.#pipe.resume()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#request.includes('\r\n\r\n')) return
    this.#request += Buffer.from(bytes).toString('latin1')
    if (this.#request.includes('\r\n\r\n')) this.#gotRequest()
  }
}

/** The header line by which a server says how it compresses. */
export function extensionLines(deflate: InflateParameters | undefined): string[] {
  return deflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${writeParameters(deflate)}`]
}
