import { MessageBatch } from '../codec/message-batch.ts'
import { MessageIterator, type MessageReader } from './message-iterator.ts'
import { MESSAGE_OVERHEAD } from './session.ts'

export type Message = string | Uint8Array<ArrayBuffer>

/** Where the messages come from. */
export interface MessageSource {
  pause(): void
  /** Messages that were held up may come within the call. */
  resume(): void
  /** The readable was cancelled. It takes no more messages, but a source that is paused is to be told `stopPausing`. */
  cancelled(reason: unknown): void
}

// What this file needs of the host's streams; their types are not the same in all programs.
interface Controller {
  readonly desiredSize: number | null
  enqueue(chunk: Message): void
  close(): void
  error(reason: unknown): void
}

/** While messages of more than this many bytes are unread, the source is paused. */
const MAX_UNREAD = 256 * 1024
/** So many messages at a time go into the stream's queue, where each costs more than in a batch. */
const MAX_DELIVERED = 256

/**
 * A ReadableStream of messages, and an inbox before it: what nobody has asked for yet. When a reader asks, what is in the
 * inbox goes into the stream's own queue; `for await` takes it from the inbox, which costs a fraction of the way through
 * the queue (bench: stream).
 */
export class MessageReadable {
  readonly stream: object
  readonly #source: MessageSource
  #controller!: Controller

  #inbox: (Message | MessageBatch | undefined)[] = []
  #head = 0
  /** What the messages in the inbox cost. */
  #waiting = 0
  /** The stream's own queue may have messages, which are before those in the inbox. */
  #delivered = false
  /** A reader waits for a message. */
  #wanted = false
  #settlePull: (() => void) | undefined

  #paused = false
  #mayPause = true
  /** Messages that come are dropped. */
  #deaf = false
  #cancelled = false

  constructor(ReadableStream: new (...args: any[]) => object, source: MessageSource) {
    this.#source = source
    const underlyingSource = {
      start: (controller: Controller) => {
        this.#controller = controller
      },
      pull: () => this.#pull(),
      cancel: (reason: unknown) => this.#cancel(reason),
    }
    // With this mark it pulls only when somebody reads and its queue is empty.
    this.stream = new ReadableStream(underlyingSource, { highWaterMark: 0, size: costOf })
    this.#defineIteration(this.stream as { getReader(): MessageReader })
  }

  /** Whether the source is paused. */
  get isPaused(): boolean {
    return this.#paused
  }

  /** A message has come. */
  receive(message: Message): void {
    if (this.#deaf) return
    if (this.#wanted) return this.#handOver(message)
    this.#keep(message, costOf(message))
  }

  /** Several have come. */
  receiveBatch(batch: MessageBatch): void {
    if (this.#deaf) return batch.drop()
    if (this.#wanted) this.#handOver(batch.nextChunk())
    if (batch.left > 0) this.#keep(batch, batch.size)
  }

  /** From now on no reader holds up the source. What has no room is dropped, and all that comes after it. */
  stopPausing(): void {
    this.#mayPause = false
    if (this.#paused) this.#resume()
  }

  /** No message comes any more. What has come can still be read. */
  close(): void {
    if (this.#cancelled) return
    this.#deliver(Number.POSITIVE_INFINITY)
    this.#controller.close()
  }

  error(reason: unknown): void {
    this.#drop()
    this.#controller.error(reason)
  }

  /** What the messages cost that nobody has read. */
  get #unread(): number {
    return this.#delivered ? this.#waiting - (this.#controller.desiredSize ?? 0) : this.#waiting
  }

  #pull(): Promise<void> | undefined {
    this.#delivered = false
    if (this.#waiting > 0) {
      this.#deliver(MAX_DELIVERED)
      this.#resumeIfRoom()
      return undefined
    }
    this.#wanted = true
    this.#resumeIfRoom()
    if (!this.#wanted) return undefined
    return new Promise(resolve => {
      this.#settlePull = resolve
    })
  }

  #cancel(reason: unknown): void {
    this.#cancelled = true
    this.#drop()
    this.#source.cancelled(reason)
  }

  #defineIteration(stream: { getReader(): MessageReader }): void {
    const take = (): Message | undefined => this.#take()
    const { values } = {
      values(options: { readonly preventCancel?: unknown } | null = null): MessageIterator {
        return new MessageIterator(stream.getReader(), take, Boolean(options?.preventCancel))
      },
    }
    for (const name of ['values', Symbol.asyncIterator]) {
      Object.defineProperty(stream, name, { value: values, writable: true, configurable: true })
    }
  }

  /** A reader waits for it. */
  #handOver(message: Message): void {
    this.#wanted = false
    this.#settlePull?.()
    this.#settlePull = undefined
    this.#controller.enqueue(message)
    // Whoever wanted it may have gone.
    this.#delivered = true
  }

  #keep(messages: Message | MessageBatch, cost: number): void {
    this.#inbox.push(messages)
    this.#waiting += cost
    if (this.#unread <= MAX_UNREAD) return
    if (!this.#mayPause) this.#deaf = true
    else if (!this.#paused) {
      this.#paused = true
      this.#source.pause()
    }
  }

  /** The next message, if it is in the inbox and nothing is before it. */
  #take(): Message | undefined {
    if (this.#waiting === 0) return undefined
    if (this.#delivered) {
      if (this.#controller.desiredSize !== 0) return undefined
      this.#delivered = false
    }
    const message = this.#takeFirst()
    if (this.#paused) this.#resumeIfRoom()
    return message
  }

  #takeFirst(): Message {
    const first = this.#inbox[this.#head]!
    const isBatch = first instanceof MessageBatch
    const message = isBatch ? first.nextChunk() : first
    if (isBatch && first.left > 0) return message
    this.#inbox[this.#head++] = undefined
    if (this.#head === this.#inbox.length) {
      this.#inbox.length = 0
      this.#head = 0
    }
    this.#waiting -= isBatch ? first.size : costOf(first)
    return message
  }

  /** Puts so many messages of the inbox into the stream's queue. */
  #deliver(most: number): void {
    for (let count = 0; count < most && this.#waiting > 0; count++) {
      this.#controller.enqueue(this.#takeFirst())
      this.#delivered = true
    }
  }

  #drop(): void {
    this.#deaf = true
    this.#clear()
  }

  #clear(): void {
    for (const waiting of this.#inbox) if (waiting instanceof MessageBatch) waiting.drop()
    this.#inbox = []
    this.#head = 0
    this.#waiting = 0
  }

  #resumeIfRoom(): void {
    // Not at once when there is room, so as not to pause and resume for every message.
    if (this.#paused && this.#unread <= MAX_UNREAD / 2) this.#resume()
  }

  #resume(): void {
    this.#paused = false
    this.#source.resume()
  }
}

function costOf(message: Message): number {
  return message.length + MESSAGE_OVERHEAD
}
