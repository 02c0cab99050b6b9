import type { Platform } from '../codec/platform.ts'
import type { ConnectTarget, Location, TlsOptions } from '../transport/connect.ts'
import type { Pipe } from '../transport/pipe.ts'

/** The parts of a JavaScript runtime that the API stands on. Each entry provides those of its runtime. */
export interface Host {
  readonly platform: Platform
  /** Queues a task: it runs from the event loop, and all its microtasks are done before the next task starts. */
  queueTask(task: () => void): void
  /**
   * The number of tasks, each queued by the one before, after which everything that had arrived from the network has been
   * read, as far as one read takes it.
   */
  readonly turnsToRead: number
  /**
   * Runs all microtasks before it returns. Absent where the runtime has no such function; with it, several tasks run in one
   * callback of the event loop, with a checkpoint after each.
   */
  performMicrotaskCheckpoint?: (() => void) | undefined
  /** Calls back when no microtask is left, before any other task. */
  afterMicrotasks(callback: () => void): void
  /** The transport for connections without the option `connect`. Absent where the runtime has none. */
  connect?(target: ConnectTarget, tls: TlsOptions | undefined): PromiseLike<Pipe>
  /** Resolves a host name for `connect`. Absent where the runtime cannot. */
  locate?(host: string, port: number): PromiseLike<Location>
}

/**
 * The host of this process. It is shared by all sockets, since a process has one event loop and one global scope. The entry
 * fills it while the package is loaded, before any other code of the library runs; it never changes afterwards.
 */
export const host: Host = {} as Host

/** Sets the host of this process. To be called once, by the entry. */
export function provideHost(provided: Host): void {
  Object.assign(host, provided)
}
