import type { Platform } from '../codec/platform.ts'
import type { ConnectTarget, ResolvedHost } from '../transport/connect.ts'
import type { Pipe } from '../transport/pipe.ts'
import type { TlsOptions } from '../transport/tls-options.ts'

/** What an entry provides: the parts of a host that the API stands on. */
export interface Host {
  readonly platform: Platform
  /** Queues a task: it runs from the event loop, with all microtasks done before the next one. */
  queueTask(task: () => void): void
  /** Runs all microtasks now, where a host can: several tasks then run in one callback of the event loop, each with its own. */
  performMicrotaskCheckpoint?: (() => void) | undefined
  /** Calls back when no microtask is left, and before anything else that the event loop has to do. */
  afterMicrotasks(callback: () => void): void
  /** The transport for connections that bring none of their own. */
  connect?(target: ConnectTarget, tls: TlsOptions | undefined): PromiseLike<Pipe>
  /** Resolves a host name for `connect`. */
  resolveHost?(host: string, port: number): PromiseLike<ResolvedHost>
}

/** The host of this process; there is one, as there is one global scope. */
export let host: Host

export function provideHost(provided: Host): void {
  host = provided
}
