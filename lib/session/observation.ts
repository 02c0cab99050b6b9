import type { WireFrame } from '../codec/frame-scanner.ts'
import { PING, PONG } from '../codec/opcodes.ts'
import type { AsyncContext } from '../host/async-context.ts'
import { withoutCredentials } from '../idl/inspection.ts'
import type { Trace } from '../opening/opening-handshake.ts'
import type { CloseResult } from '../protocol/connection.ts'
import type { ConnectionError } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { asObject } from '../protocol/header-values.ts'
import { type Direction, WatchedPipe } from '../protocol/watched-pipe.ts'
import type { HeaderList, HttpVersion, Pipe, ResponseHead } from '../transport/pipe.ts'
import { channels, undiciChannels } from './channels.ts'
import { DebugLog } from './debug-log.ts'
import type { TaskQueue, TaskTarget } from './task-queue.ts'

/** Header fields that carry credentials, in lower case. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie'])

/** Taken at load: a test may replace it. */
const { now } = Date

/**
 * Reports what happens to one socket: to subscribers of the diagnostics channels, and to the debug log. It exists only for
 * sockets that somebody watches.
 *
 * Subscribers are the user's code, so they are called from tasks, in the order of the events of the socket and in its context;
 * but `created` and messages that are sent, which are reported within the user's own call.
 */
export class Observation implements TaskTarget {
  readonly context: AsyncContext
  readonly #socket: object
  readonly #tasks: TaskQueue
  readonly #log: DebugLog | undefined
  #request: { readonly target: string; readonly headers: HeaderList } | undefined

  constructor(socket: object, context: AsyncContext, tasks: TaskQueue, debug: boolean) {
    this.#socket = socket
    this.context = context
    this.#tasks = tasks
    if (debug) this.#log = new DebugLog()
  }

  runTask(_kind: number, report: unknown): void {
    ;(report as () => void)()
  }

  created(socketUrl: string): void {
    const url = withoutCredentials(socketUrl)
    this.#log?.line(`CONNECTING ${url}`)
    channels.created.publish({ socket: this.#socket, url })
  }

  requested(target: string, headers: HeaderList): void {
    const request = { target, headers: masked(headers) }
    this.#request = request
    this.later(() => {
      this.#log?.head('>', `GET ${target} HTTP/1.1`, request.headers)
      channels.request.publish({ socket: this.#socket, request })
    })
  }

  answered({ status, statusText, headers }: ResponseHead, http: HttpVersion = '1.1'): void {
    const response = { status, statusText, headers: masked(headers) }
    this.later(() => {
      this.#log?.head('<', `HTTP/${http} ${status} ${statusText}`.trimEnd(), response.headers)
      channels.handshake.publish({ socket: this.#socket, request: this.#request, response })
    })
  }

  /** Called by a task. */
  opened({ protocol, extensions }: Agreement, { status, statusText, headers }: ResponseHead, trace: Trace): void {
    const websocket = this.#socket
    this.#log?.line(`OPEN, protocol "${protocol}", extensions "${extensions}"`)
    channels.open.publish({ socket: websocket, protocol, extensions })
    if (!undiciChannels.open.hasSubscribers) return
    const handshakeResponse = { status, statusText, headers: asObject(masked(headers)) }
    undiciChannels.open.publish({ address: addressOf(trace), protocol, extensions, websocket, handshakeResponse })
  }

  /** The pipe for the connection: one that is watched, if anybody looks at frames now. */
  watch(pipe: Pipe): Pipe {
    const { ping, pong } = undiciChannels
    const looks = this.#log !== undefined || channels.frame.hasSubscribers || ping.hasSubscribers || pong.hasSubscribers
    return looks ? new WatchedPipe(pipe, (direction, frames) => this.#onFrames(direction, frames)) : pipe
  }

  /** @param data as the user gave it, or as the event has it */
  message(direction: Direction, data: unknown): void {
    channels.message.publish({ socket: this.#socket, direction, data })
  }

  /** The same for messages that arrive while no code of the user may run. */
  messageLater(data: unknown): void {
    this.later(() => this.message('received', data))
  }

  closing(): void {
    this.later(() => this.#log?.line('CLOSING'))
  }

  ended(closure: CloseResult): void {
    const { code, reason, error } = closure
    this.later(() => {
      if (error !== undefined) this.#failed(error)
      this.#log?.closed(closure)
      channels.close.publish({ socket: this.#socket, code, reason, wasClean: !error })
      undiciChannels.close.publish({ websocket: this.#socket, code, reason })
    })
  }

  #failed(error: ConnectionError): void {
    this.#log?.line(`${error.code}: ${error.message}`)
    channels.error.publish({ socket: this.#socket, error })
    undiciChannels.socket_error.publish(error)
  }

  #onFrames(direction: Direction, frames: WireFrame[]): void {
    const time = now()
    this.later(() => {
      for (const frame of frames) {
        this.#log?.frame(direction, frame)
        channels.frame.publish({ socket: this.#socket, direction, time, ...frame })
        if (direction === 'received') this.#publishPing(frame)
      }
    })
  }

  #publishPing({ opcode, payload }: WireFrame): void {
    const channel = opcode === PING ? undiciChannels.ping : opcode === PONG ? undiciChannels.pong : undefined
    channel?.publish({ payload, websocket: this.#socket })
  }

  /** Calls back in a task. */
  later(report: () => void): void {
    this.#tasks.queue(this, 0, report)
  }
}

/** The peer as `address()` of a socket of Node.js names one; null if it is not known, or no address. */
function addressOf({ remoteAddress: address, remotePort: port }: Trace): object | null {
  if (address === undefined || port === undefined) return null
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port }
}

/** Header fields whose credentials are replaced before they reach a log or a subscriber. */
function masked(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => [name, SECRET_FIELDS.has(name.toLowerCase()) ? '***' : value])
}
