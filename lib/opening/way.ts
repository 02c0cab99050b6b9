import type { AsyncContext } from '../host/async-context.ts'
import type { ConnectTarget } from '../transport/connect.ts'
import { upgradeOver } from '../transport/http1.ts'
import type { HttpVersion, Pipe, PipeSink, Upgrade } from '../transport/pipe.ts'
import type { Trace } from '../transport/trace.ts'
import type { Settings } from './options.ts'

/** An open way to the server, over which one opening handshake is made. */
export interface Way {
  readonly http: HttpVersion
  readonly upgrade: Upgrade
  /** Whether the upgrade opens the connection, too, by an HTTP client that is not ours. */
  readonly connects?: boolean
  /** Drops the way. To be called if `upgrade` is not. */
  abort(this: void): void
  /** Whether the way keeps the process alive, as it does by default. Called until the handshake is over. */
  ref(): void
  unref(): void
}

/** How a way to the server is opened. Each choice between transports is a route. */
export interface Route {
  /** Whether the library has to resolve the server's name first: its address then tells the connection queue apart. */
  readonly needsAddress: boolean
  /** The option whose code of the user opens the way. Whatever that throws is the cause of a failure, and none itself. */
  readonly option?: string
  /**
   * Opens a way. Rejects with any error, which becomes the `cause` of a failure of the step that the trace is at, or with a
   * ConnectionError, which is the failure itself.
   *
   * @param context in which the code of the user is called
   * @param trace is told of the steps
   */
  open(target: ConnectTarget, settings: Settings, context: AsyncContext, trace: Trace): PromiseLike<Way>
}

/** HTTP/1.1 over a pipe to the server. */
export function wayOver(pipe: Pipe, { secure }: ConnectTarget): Way {
  return {
    http: '1.1',
    upgrade: upgradeOver(pipe, secure),
    abort: () => dropPipe(pipe),
    ref: () => pipe.ref?.(),
    unref: () => pipe.unref?.(),
  }
}

/** A way whose handshake opens the connection, by an HTTP client that is not ours. */
export function wayBy(upgrade: Upgrade): Way {
  return { http: '1.1', upgrade, connects: true, abort() {}, ref() {}, unref() {} }
}

/** The same; the client is called in the context of the socket, and an error that it throws is reported. */
export function wayWithin(context: AsyncContext, upgrade: Upgrade): Way {
  return wayBy((request, handler) => {
    try {
      return context.runInAsyncScope(upgrade, undefined, request, handler)
    } catch (error) {
      handler.failed(error)
      return () => {}
    }
  })
}

/** Drops a pipe that was not started. */
export function dropPipe(pipe: Pipe): void {
  pipe.start(NULL_SINK)
  pipe.abort()
}

/** The sink of a pipe that came too late: it ignores everything. */
const NULL_SINK: PipeSink = { data() {}, drain() {}, end() {}, close() {} }
