import { Buffer } from 'node:buffer'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { drained, type WebSocketOptions } from '#lib/entry/node.js'
import { describeClose } from './close-codes.ts'
import { describeFailure } from './describe-failure.ts'
import { type Message, messageEntry, type Recorder } from './exchange-record.ts'
import { type Closing, Link } from './link.ts'
import type { MessageChecker } from './message-checker.ts'
import { write } from './output.ts'
import { splitInput } from './split-input.ts'
import { coloursFor } from './style.ts'
import { hexDump } from './terminal/hex-dump.ts'
import { printable } from './text.ts'
import { createWireLog } from './wire-log.ts'

export interface FilterOptions {
  readonly url: string
  readonly socket: WebSocketOptions
  /** The whole input is one binary message, or each part of it with `null`. */
  readonly binary: boolean
  /** Writes each message as a JSON object. */
  readonly json: boolean
  /** Messages end with NUL instead of a line break, in both directions. */
  readonly null: boolean
  /** Waits for this many messages, and closes. */
  readonly count: number | undefined
  /** After the end of the input, waits until the server closes. */
  readonly wait: boolean
  /** Milliseconds without a message, after the end of the input, until the connection is closed. */
  readonly linger: number
  readonly reconnect: boolean
  readonly reconnectDelay: number
  /** Messages that each connection begins with. */
  readonly greetings: readonly string[]
  /** 0 to 2. */
  readonly verbose: number
  readonly recorder: Recorder | undefined
  /** Checks messages against an AsyncAPI document. */
  readonly checker: MessageChecker | undefined
}

/** Bytes that may wait to be sent before the input is read on. */
const MOST_BUFFERED = 1024 * 1024

/**
 * A filter: the parts of standard input are sent, and standard output has what the server sends, and nothing else.
 *
 * @returns the exit code: 0 if the connection was closed cleanly, and not with the code of an error
 */
export function runFilter(options: FilterOptions, input: Readable = process.stdin): Promise<number> {
  return new Filter(options, input).result
}

class Filter {
  readonly result: Promise<number>
  readonly #options: FilterOptions
  readonly #link: Link
  readonly #colours = coloursFor(process.stderr)
  #resolve!: (exitCode: number) => void
  #received = 0
  #inputEnded = false
  #silence: NodeJS.Timeout | undefined
  /** Set if the input, or a message, makes this a failure whatever the server says. */
  #failed = false
  /** Set once no further message is wanted: how the connection ends does not matter any more. */
  #enough = false
  /** Resolves when the connection is open; with false if there will be none any more. */
  #usable = newGate()

  constructor(options: FilterOptions, input: Readable) {
    this.#options = options
    this.result = new Promise(resolve => {
      this.#resolve = resolve
    })
    const note = (line: string): void => this.#note(line)
    if (options.recorder !== undefined) options.recorder.onLost = reason => this.#fail(reason)
    this.#link = new Link(
      { ...options, watcher: createWireLog(options.verbose, this.#colours, note) },
      {
        opened: ({ protocol }) => {
          if (options.verbose > 0)
            note(this.#colours.green(`open${protocol === '' ? '' : `, subprotocol ${protocol}`}`))
          for (const text of options.greetings) this.#send(text)
          this.#usable.resolve(true)
          if (this.#inputEnded) this.#closeAfterSilence()
        },
        message: message => this.#write(message),
        closed: closing => this.#closed(closing),
      },
    )
    process.on('SIGINT', this.#interrupt)
    process.on('SIGTERM', this.#interrupt)
    // The reader of the output has gone, as `head` does when it has enough; or the disk is full, which `main` tells.
    process.stdout.on('error', () => {
      this.#enough = true
      this.#link.drop()
    })
    this.#sendAll(input).catch(async error => {
      // Closed before it is open, the connection would fail for a second reason.
      await this.#usable.promise
      this.#fail(`The input cannot be sent: ${(error as Error).message}`)
      this.#link.close(1000)
    })
  }

  async #sendAll(input: Readable): Promise<void> {
    const { binary } = this.#options
    for await (const message of splitInput(input, { binary, null: this.#options.null })) {
      if (!(await this.#usable.promise)) return
      const { socket } = this.#link
      this.#send(message)
      if (socket.bufferedAmount > MOST_BUFFERED) await drained(socket).catch(() => {})
    }
    if (!(await this.#usable.promise)) return
    await drained(this.#link.socket).catch(() => {})
    this.#inputEnded = true
    this.#closeAfterSilence()
  }

  #send(message: Message): void {
    const complaint = this.#options.checker?.checkOutgoing(message)
    if (complaint === undefined) this.#link.send(message)
    else this.#fail(`not sent: ${complaint}`)
  }

  #write(message: Message): void {
    if (this.#enough) return
    this.#received++
    const { json, count, checker } = this.#options
    if (json) write(`${JSON.stringify(messageEntry('received', message))}${this.#end}`)
    else if (process.stdout.isTTY === true) write(`${this.#presentable(message)}\n`)
    else if (typeof message === 'string') write(message + this.#end)
    else write(this.#options.null ? Buffer.concat([message, Buffer.of(0)]) : message)
    const complaint = checker?.checkIncoming(message)
    if (complaint !== undefined) this.#note(this.#colours.yellow(`received: ${complaint}`))
    if (this.#received === count) {
      this.#enough = true
      this.#link.close(1000)
    }
    if (this.#inputEnded && !this.#enough) this.#closeAfterSilence()
  }

  /** For a terminal, which must not do what a server says. */
  #presentable(message: Message): string {
    return typeof message === 'string' ? printable(message) : hexDump(message, process.stdout.columns || 80).join('\n')
  }

  get #end(): string {
    return this.#options.null ? '\0' : '\n'
  }

  /** Restarts the timer of `--linger`, which closes the connection. Until it fires, answers may still be in flight. */
  #closeAfterSilence(): void {
    // Who asks for a number of messages waits for them, however slow the server is.
    if (this.#options.wait || this.#options.count !== undefined) return
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#link.close(1000), this.#options.linger)
  }

  /** The first signal starts the closing handshake, a second one drops the connection. */
  readonly #interrupt = (): void => {
    const { socket } = this.#link
    if (socket.readyState >= socket.CLOSING && !this.#link.isWaiting) this.#link.drop()
    else this.#link.close(1000)
  }

  #closed({ socket, code, reason, wasClean, isFailure, error, retryIn }: Closing): void {
    clearTimeout(this.#silence)
    const { red, dim } = this.#colours
    if (error !== undefined && !this.#enough) for (const line of describeFailure(socket, error)) this.#note(red(line))
    const isTold = wasClean && code !== 1000 && code !== 1005
    if (this.#options.verbose > 0 || isTold) {
      const paint = isFailure && !this.#enough ? red : dim
      this.#note(paint(`closed: ${describeClose(code, reason)}`))
    }
    if (retryIn !== undefined) {
      this.#note(dim(`connecting again in ${retryIn / 1000} s`))
      // What waits for a connection waits on.
      if (this.#usable.isSettled) this.#usable = newGate()
      return
    }
    this.#usable.resolve(false)
    process.off('SIGINT', this.#interrupt)
    process.off('SIGTERM', this.#interrupt)
    this.#resolve((isFailure && !this.#enough) || this.#failed ? 1 : 0)
  }

  #fail(reason: string): void {
    this.#failed = true
    this.#note(this.#colours.red(printable(reason)))
  }

  #note(line: string): void {
    process.stderr.write(`${line}\n`)
  }
}

interface Gate {
  readonly promise: Promise<boolean>
  readonly isSettled: boolean
  resolve(usable: boolean): void
}

function newGate(): Gate {
  let fulfil!: (usable: boolean) => void
  const promise = new Promise<boolean>(resolve => {
    fulfil = resolve
  })
  const gate = {
    promise,
    isSettled: false,
    resolve(usable: boolean) {
      gate.isSettled = true
      fulfil(usable)
    },
  }
  return gate
}
