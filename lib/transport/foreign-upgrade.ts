import { attempt } from '../host/attempt.ts'
import { Deadline } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { GrowingBuffer, MAX_BODY } from '../protocol/http1.ts'
import { BODY_TIMEOUT } from './http1.ts'
import type { HeaderList, Pipe, ResponseHead, UpgradeHandler } from './pipe.ts'

/**
 * One exchange of an HTTP client that is not ours, such as node:http2. The client may report anything, at any time, and as often as
 * it likes; the `UpgradeHandler` is told one outcome, once.
 */
export class ForeignExchange {
  /** Undefined once one of its methods was called, or the exchange was cancelled. */
  #handler: UpgradeHandler | undefined
  /** Drops the request. An error of the client in doing so does not count. */
  readonly #drop: (reason: unknown) => void
  #head: ResponseHead | undefined
  readonly #body = new GrowingBuffer()
  #deadline: Deadline | undefined

  /** @param drop drops the request; called once at most, when nobody waits for it any more */
  constructor(handler: UpgradeHandler, drop: (reason: unknown) => unknown) {
    this.#handler = handler
    this.#drop = reason => attempt(() => drop(reason))
  }

  get isOver(): boolean {
    return this.#handler === undefined
  }

  /** The connection was upgraded. @returns false if nobody waits for it: then the pipe is the caller's to drop */
  upgraded(head: ResponseHead, pipe: Pipe): boolean {
    const handler = this.#take()
    handler?.upgraded(head, pipe)
    return handler !== undefined
  }

  /** The head of a response that does not upgrade the connection. Its body follows. */
  refused(head: ResponseHead): void {
    if (this.#handler === undefined || this.#head !== undefined) return
    this.#head = head
    this.#deadline = new Deadline(BODY_TIMEOUT, this.ended)
  }

  /** A part of the refusal's body, which is copied. */
  body(bytes: Uint8Array): void {
    if (this.#head === undefined || this.#handler === undefined) return
    this.#body.append(bytes.subarray(0, MAX_BODY - this.#body.length))
    if (this.#body.length === MAX_BODY) this.ended()
  }

  /** The refusal's body has ended, well or not. */
  readonly ended = (): void => {
    const head = this.#head
    const handler = head === undefined ? undefined : this.#take()
    if (handler === undefined) return
    this.#drop(new ConnectionError('WS_ERR_UNEXPECTED_STATUS', 'The response does not upgrade the connection'))
    handler.refused(head!, this.#body.content.slice())
  }

  /** Called if there is no response, or if it is cut short. @param again whether to make a request without a response once more */
  readonly failed = (error: unknown, again?: boolean): void => {
    if (this.#head === undefined) this.#take()?.failed(error, again)
    else this.ended()
  }

  readonly cancel = (reason?: unknown): void => {
    if (this.#take() !== undefined) this.#drop(reason)
  }

  #take(): UpgradeHandler | undefined {
    const handler = this.#handler
    this.#handler = undefined
    this.#deadline?.cancel()
    return handler
  }
}

/** Names and values that alternate, as Node.js and undici have the fields of a response; undici may give bytes. */
export function alternating(raw: readonly unknown[]): HeaderList {
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const values = raw[index + 1]
    for (const value of Array.isArray(values) ? values : [values]) headers.push([lower(raw[index]), latin1(value)])
  }
  return headers
}

/** An object of fields, whose values are strings or lists of strings. */
export function fieldsOf(headers: object): HeaderList {
  return alternating(Object.entries(headers).flat())
}

function lower(name: unknown): string {
  return latin1(name).toLowerCase()
}

function latin1(value: unknown): string {
  return value instanceof Uint8Array ? String.fromCharCode(...value) : String(value)
}
