import { expect } from 'chai'
import { failure, WebSocket } from '#lib/entry/node.js'
import { hex, short } from '../support/frame-recorder.ts'

/**
 * Writes down the events of a socket and holds each against the order that the standard gives them: open first, messages
 * between, error right before close, nothing after close, and a readyState that only grows.
 */
export class SocketLog {
  readonly lines: string[] = []
  readonly closed: Promise<void>
  readonly #faults: unknown[] = []
  readonly #socket: WebSocket
  #last = ''
  #readyState: number = WebSocket.CONNECTING

  /** @param react called at each event, after it was written down */
  constructor(socket: WebSocket, react: (type: string) => void = () => {}) {
    this.#socket = socket
    const on = (type: string, describe: (event: any) => string, check: () => void): void => {
      socket.addEventListener(type, (event: unknown) => {
        // What a listener throws goes to nobody who could tell which values it was.
        try {
          this.#follow(type)
          check()
          this.lines.push(describe(event))
          react(type)
          this.look()
        } catch (error) {
          this.#faults.push(error)
        }
      })
    }
    on(
      'open',
      () => 'open',
      () => {
        expect(this.lines, 'open is the first event').to.deep.equal([])
        expect(socket.readyState, 'readyState at open').to.equal(WebSocket.OPEN)
      },
    )
    on(
      'message',
      ({ data }) => (typeof data === 'string' ? `text ${short(data)}` : `binary ${short(hex(new Uint8Array(data)))}`),
      () => expect(socket.readyState, 'readyState at message').to.equal(WebSocket.OPEN),
    )
    on(
      'error',
      () => `error ${failure(socket)?.closeCode ?? ''}`,
      () => {
        expect(failure(socket), 'the failure at error').to.not.equal(undefined)
        expect(socket.readyState, 'readyState at error').to.equal(WebSocket.CLOSED)
      },
    )
    on(
      'close',
      ({ code, reason, wasClean }) => `close ${code} ${wasClean} ${reason}`,
      () => expect(socket.readyState, 'readyState at close').to.equal(WebSocket.CLOSED),
    )
    this.closed = new Promise(resolve => socket.addEventListener('close', () => resolve()))
  }

  /** Looks at the readyState, at any moment. */
  look(): void {
    const { readyState } = this.#socket
    expect(readyState, 'readyState only grows').to.be.at.least(this.#readyState)
    this.#readyState = readyState
  }

  /** Throws what was wrong first. */
  verify(): void {
    if (this.#faults.length > 0) throw this.#faults[0]
  }

  #follow(type: string): void {
    expect(FOLLOWERS[this.#last], `what follows ${this.#last || 'nothing'}`).to.include(type)
    this.#last = type
    this.look()
  }
}

const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  '': ['open', 'error', 'close'],
  open: ['message', 'error', 'close'],
  message: ['message', 'error', 'close'],
  error: ['close'],
  close: [],
}
