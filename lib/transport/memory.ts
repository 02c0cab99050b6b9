import { inMicrotask } from '../host/microtask.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** Both ends of a connection within the process, for tests and for servers that run beside their client. */
export function memoryPair(): [Pipe, Pipe] {
  const left = new MemoryPipe()
  const right = new MemoryPipe()
  left.join(right)
  right.join(left)
  return [left, right]
}

/**
 * One end. What is written here goes to the other end in a microtask, and counts as buffered until then; an end that
 * is paused, or has not started, holds it up.
 */
class MemoryPipe implements Pipe {
  #sink: PipeSink | undefined
  #peer: MemoryPipe = this
  #inbox: Uint8Array[] = []
  #inboxBytes = 0
  #paused = false
  #scheduled = false
  #mustDrain = false
  /** We said that no more comes; and the sink was told that the peer did. */
  #ended = false
  #endSeen = false
  #aborted = false
  #closed = false

  join(peer: MemoryPipe): void {
    this.#peer = peer
  }

  get buffered(): number {
    return this.#peer.#inboxBytes
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#schedule()
  }

  write(bytes: Uint8Array, _more: boolean): boolean {
    const peer = this.#peer
    if (this.#ended || this.#aborted || peer.#aborted || bytes.length === 0) return true
    peer.#inbox.push(bytes)
    peer.#inboxBytes += bytes.length
    peer.#schedule()
    this.#mustDrain = true
    return false
  }

  end(): void {
    this.#ended = true
    this.#schedule()
    this.#peer.#schedule()
  }

  abort(_reason?: unknown): void {
    this.#aborted = true
    // What was not delivered stays counted: the other end has not got rid of it.
    this.#inbox = []
    this.#schedule()
    this.#peer.#schedule()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    inMicrotask(() => {
      this.#scheduled = false
      if (this.#sink !== undefined && !this.#closed) this.#deliver(this.#sink)
    })
  }

  #deliver(sink: PipeSink): void {
    const peer = this.#peer
    while (this.#inbox.length > 0 && !this.#paused && !this.#aborted) {
      const bytes = this.#inbox.shift()!
      this.#inboxBytes -= bytes.length
      sink.data(bytes)
      if (this.#inbox.length === 0) peer.#schedule()
    }
    if (this.#mustDrain && peer.#inbox.length === 0 && !this.#aborted && !peer.#aborted) {
      this.#mustDrain = false
      sink.drain()
    }
    if (peer.#ended && this.#inbox.length === 0 && !this.#endSeen && !this.#aborted) {
      this.#endSeen = true
      sink.end()
      peer.#schedule()
    }
    const finished = this.#ended && this.#endSeen && peer.#endSeen
    if (!this.#aborted && !peer.#aborted && !finished) return
    this.#closed = true
    sink.close(this.#aborted || finished ? undefined : new Error('The other end aborted the connection'))
  }
}
