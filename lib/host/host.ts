import type { Platform } from '../codec/platform.ts'
import type { ConnectTarget, ResolvedHost } from '../transport/connect.ts'
import type { Network, Resolving } from '../transport/network.ts'
import type { Pipe } from '../transport/pipe.ts'
import type { TlsOptions } from '../transport/tls-options.ts'

/**
 * The context of asynchronous work, as AsyncLocalStorage and tracers see it. An AsyncResource of `node:async_hooks` has this
 * shape.
 */
export interface AsyncContext {
  /**
   * Calls `callback` in this context, and returns its result or throws its error. The caller's context is restored
   * afterwards.
   */
  runInAsyncScope<This, Values extends unknown[], Result>(
    callback: (this: This, ...values: Values) => Result,
    thisValue: This,
    ...values: Values
  ): Result
}

/**
 * The owner of timers, streams and promises of a host. Those of one context must not be used in another. On workerd each request
 * has a context; elsewhere the process has one.
 */
export interface IoContext {
  /** Called before I/O on objects of this context. @throws the host's error if the caller is in another one */
  enter(): void
}

/** A channel on which tools listen. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean
  /** Calls the subscribers. An error that they throw reaches the event loop as an uncaught exception. */
  publish(message: unknown): void
}

/** The timers of a runtime. What `setTimeout` returns is for `clearTimeout`. */
export interface Timers {
  setTimeout(callback: () => void, delay: number): any
  clearTimeout(timer: any): void
}

/** The parts of a JavaScript runtime that the API stands on. Each entry provides those of its runtime. */
export interface Host {
  readonly platform: Platform
  /** Queues a task: it runs from the event loop, and all its microtasks are done before the next task starts. */
  queueTask(task: () => void): void
  /** Limit of the tasks that wait in `queueTask` for one queue, where a task takes long to be called. Default: 512. */
  readonly maxTasks?: number
  /**
   * The number of tasks, each queued by the one before, after which everything that had arrived from the network has been
   * read, as far as one read takes it.
   */
  readonly turnsToRead: number
  /**
   * Finds the function that runs all microtasks before it returns, and throws what they throw. With it, many tasks run in one
   * callback of the event loop, with a checkpoint after each. Called once, from a callback of `queueTask`.
   *
   * @returns undefined if the runtime has no such function. Absent where it never has
   */
  findMicrotaskCheckpoint?(): (() => void) | undefined
  /** Whether the global MessageEvent and CloseEvent are made when they are first read, which costs much. */
  readonly makesEventClassesLazily?: boolean
  /** Whether a Blob of other Blobs refers to their bytes, and copies none. */
  readonly joinsBlobs?: boolean
  /** Calls back when no microtask is left, before any other task. */
  afterMicrotasks(callback: () => void): void
  /**
   * Timers of real time, where the program may have replaced the global ones before the package was loaded. Default: the
   * global ones, as they were then.
   */
  readonly timers?: Timers
  /** Milliseconds of a clock that only rises, with fractions. Absent in browsers, where nothing asks for it. */
  now?(): number
  /** The caller's context of asynchronous work, for as long as the object lives. Absent where the runtime has none. */
  captureContext?(): AsyncContext
  /** The caller's context of I/O. Absent where the process is the only one. */
  captureIoContext?(): IoContext
  /** The diagnostics channel of that name, of `node:diagnostics_channel`. Absent where the runtime has none. */
  diagnosticsChannel?(name: string): DiagnosticsChannel
  /** Whether the environment asks for what the option `debug` prints. Absent where there is no environment. */
  debugs?(): boolean
  /** Whether the host's EventTarget calls the property `on` + type of a target by itself, ahead of all listeners. */
  readonly callsEventHandlers?: boolean
  /**
   * The transport for connections without the option `connect`. Absent where the runtime has none.
   *
   * @param keepAlive milliseconds after which the system probes an idle connection; 0 for never
   * @param network how the connection leaves this machine. With a tunnel only where there is `resolveHost`
   */
  connect?(target: ConnectTarget, tls: TlsOptions | undefined, keepAlive: number, network: Network): PromiseLike<Pipe>
  /** Resolves a host name for `connect`. Absent where the runtime cannot. */
  resolveHost?(host: string, port: number, resolving: Resolving): PromiseLike<ResolvedHost>
  /** The environment variables of the process. Absent where the runtime has none. */
  environment?(): Readonly<Record<string, string | undefined>>
  /** Whether the process was told to use the proxies that its environment variables name. */
  usesEnvironmentProxy?(): boolean
}

/**
 * The host of this process. It is shared by all sockets, since a process has one event loop and one global scope. The entry
 * fills it while the package is loaded, before any other code of the library runs; it never changes afterwards.
 */
export const host: Host = { __proto__: null } as unknown as Host

/** Sets the host of this process. To be called once, by the entry. */
export function provideHost(provided: Host): void {
  Object.assign(host, provided)
}
