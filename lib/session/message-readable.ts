import type { MessageBatch } from '../codec/message-batch.ts'
import type { AsyncContext } from '../host/async-context.ts'
import { Fifo } from '../protocol/fifo.ts'
import { MAX_UNREAD, MESSAGE_OVERHEAD, type Pausable, ReceiveBackpressure } from './backpressure.ts'
import { MessageIterator, type MessageReader } from './message-iterator.ts'

/** @hidden */
export type Message = string | Uint8Array<ArrayBuffer>

/** The connection, as seen by the readable side: it can be paused, resumed, and told that nobody reads any more. */
export interface MessageSource extends Pausable {
  /** The context in which a chunk that somebody waits for goes to the stream: what the stream is piped to may be called at once. */
  readonly context: AsyncContext
  /** A reader waits for a message. */
  awaited?(): void
  /** The readable was cancelled. It drops all later messages, but a paused source stays paused until `stopPausing`. */
  cancelled(reason: unknown): void
}

/** The part of ReadableStreamDefaultController that is used here; the host's type is not the same in all programs. */
interface Controller {
  readonly desiredSize: number | null
  enqueue(chunk: Message): void
  close(): void
  error(reason: unknown): void
}

/** Messages that move from the inbox to the stream's queue at a time: there each costs more memory than in a batch. */
const MAX_ENQUEUED = 256

/**
 * The readable side of a WebSocketStream: a ReadableStream of messages, with an inbox of those that nobody has asked for.
 * When a reader asks, messages move from the inbox into the stream's own queue. `for await` takes them from the inbox
 * directly, which costs a fraction of the way through that queue (bench: stream).
 *
 * Order: messages in the stream's queue are older than those in the inbox.
 */
export class MessageReadable {
  readonly stream: object
  readonly #source: MessageSource
  readonly #limit: number
  readonly #backpressure: ReceiveBackpressure
  #controller!: Controller

  readonly #inbox: Fifo<Message | MessageBatch> = new Fifo()
  /** Bytes of the messages in the inbox, with `MESSAGE_OVERHEAD` for each; a batch counts as a whole until its last message. */
  #inboxBytes = 0
  /** Whether the stream's own queue may hold messages. */
  #mayBeEnqueued = false
  /** A reader waits for a message: the stream has pulled and has got nothing since. */
  #pullPending = false
  #settlePull: (() => void) | undefined

  #mayPause = true
  /** Whether all messages that arrive from now on are dropped. */
  #dropsMessages = false
  #isCancelled = false
  /** The error that follows the unread messages. */
  #failure: { readonly reason: unknown } | undefined

  /**
   * @param ReadableStream the class of the Streams Standard
   * @param limit bytes that may wait for a reader before the source is paused
   */
  constructor(ReadableStream: new (...args: any[]) => object, source: MessageSource, limit: number = MAX_UNREAD) {
    this.#source = source
    this.#limit = limit
    this.#backpressure = new ReceiveBackpressure(limit, source)
    const underlyingSource = {
      __proto__: null,
      start: (controller: Controller) => {
        this.#controller = controller
      },
      pull: () => this.#pull(),
      cancel: (reason: unknown) => this.#cancel(reason),
    }
    // With this high-water mark the stream pulls only when somebody reads and its own queue is empty.
    this.stream = new ReadableStream(underlyingSource, { __proto__: null, highWaterMark: 0, size: costOf })
    this.#defineIteration(this.stream as { getReader(): MessageReader })
  }

  /** Whether backpressure has paused the source. */
  get isPaused(): boolean {
    return this.#backpressure.isPaused
  }

  /** Whether a reader waits for a message. */
  get hasPendingRead(): boolean {
    return this.#pullPending
  }

  /** A message has been received. */
  receive(message: Message): void {
    if (this.#dropsMessages) return
    if (this.#pullPending) return this.#answerPull(message)
    this.#keep(message, costOf(message))
  }

  /** Several messages have been received. */
  receiveBatch(batch: MessageBatch): void {
    if (this.#dropsMessages) return batch.drop()
    if (this.#pullPending) this.#answerPull(batch.nextChunk())
    if (batch.left > 0) this.#keep(batch, batch.size)
  }

  /**
   * Ends backpressure, for a closing handshake that must not wait for a reader. The source is resumed. The first message that
   * exceeds the limit is still kept; all later ones are dropped.
   */
  stopPausing(): void {
    this.#mayPause = false
    this.#backpressure.release()
  }

  /** Closes the stream: no more messages will be received. Those that were can still be read. */
  close(): void {
    if (this.#isCancelled) return
    this.#moveToStream(Number.POSITIVE_INFINITY)
    this.#controller.close()
  }

  /**
   * Errors the stream once the messages that were received have been read; at once if there are none. No more messages will be
   * received.
   */
  error(reason: unknown): void {
    if (this.#unread === 0) this.#controller.error(reason)
    else this.#failure = { reason }
  }

  /** Errors the stream, and drops the messages that nobody has read. */
  abort(reason: unknown): void {
    this.#drop()
    this.#controller.error(reason)
  }

  /** Bytes of the messages that nobody has read, in the inbox and in the stream's own queue. */
  get #unread(): number {
    // The high-water mark is 0, so the desired size is the size of the queue, negated.
    return this.#mayBeEnqueued ? this.#inboxBytes - (this.#controller.desiredSize ?? 0) : this.#inboxBytes
  }

  /** Somebody reads, and the stream's own queue is empty. The stream does not pull again until the promise is settled. */
  #pull(): Promise<void> | undefined {
    this.#mayBeEnqueued = false
    if (this.#inboxBytes > 0) {
      this.#moveToStream(MAX_ENQUEUED)
      this.#resumeIfRoom()
      return undefined
    }
    if (this.#failure !== undefined) {
      this.#controller.error(this.#failure.reason)
      return undefined
    }
    this.#pullPending = true
    // A source that resumes may have answered already.
    this.#resumeIfRoom()
    if (!this.#pullPending) return undefined
    this.#source.awaited?.()
    return new Promise(resolve => {
      this.#settlePull = resolve
    })
  }

  #cancel(reason: unknown): void {
    this.#isCancelled = true
    this.#drop()
    this.#source.cancelled(reason)
  }

  /** Replaces the stream's own async iteration. */
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

  #answerPull(message: Message): void {
    this.#pullPending = false
    this.#settlePull?.()
    this.#settlePull = undefined
    this.#source.context.runInAsyncScope(this.#controller.enqueue, this.#controller, message)
    // If the reader has released its lock meanwhile, the message stays in the queue.
    this.#mayBeEnqueued = true
  }

  #keep(messages: Message | MessageBatch, cost: number): void {
    this.#inbox.push(messages)
    this.#inboxBytes += cost
    if (this.#mayPause) this.#backpressure.update(this.#unread)
    else if (this.#unread > this.#limit) this.#dropsMessages = true
  }

  /** Takes the next message for the iterator; undefined if the inbox is empty, or the stream's own queue is not. */
  #take(): Message | undefined {
    if (this.#inboxBytes === 0) return undefined
    if (this.#mayBeEnqueued) {
      if (this.#controller.desiredSize !== 0) return undefined
      this.#mayBeEnqueued = false
    }
    const message = this.#shift()
    this.#resumeIfRoom()
    return message
  }

  /** Takes the oldest message out of the inbox, which must not be empty. */
  #shift(): Message {
    const first = this.#inbox.first!
    const isBatch = isMessageBatch(first)
    const message = isBatch ? first.nextChunk() : first
    if (isBatch && first.left > 0) return message
    this.#inbox.shift()
    this.#inboxBytes -= isBatch ? first.size : costOf(first)
    return message
  }

  /** Moves at most `limit` messages from the inbox to the stream's own queue. */
  #moveToStream(limit: number): void {
    for (let count = 0; count < limit && this.#inboxBytes > 0; count++) {
      this.#controller.enqueue(this.#shift())
      this.#mayBeEnqueued = true
    }
  }

  /** Empties the inbox, and drops all messages that arrive later. */
  #drop(): void {
    this.#dropsMessages = true
    for (const entry of this.#inbox.clear()) if (isMessageBatch(entry)) entry.drop()
    this.#inboxBytes = 0
  }

  #resumeIfRoom(): void {
    // `#unread` costs a look at the stream: only where it is needed.
    if (this.#backpressure.isPaused) this.#backpressure.update(this.#unread)
  }
}

/** Not by its class, which would bring the codec to hosts that have their own. */
function isMessageBatch(entry: Message | MessageBatch): entry is MessageBatch {
  return typeof entry !== 'string' && !(entry instanceof Uint8Array)
}

function costOf(message: Message): number {
  return message.length + MESSAGE_OVERHEAD
}
