import { createContext, runInContext } from 'node:vm'

/**
 * Runs a bundle in a global scope with no more than what it needs of React Native's: a WebSocket, which notes its arguments, and
 * timers. It has neither DOMException nor Event, URL or streams, which older versions lack.
 *
 * @returns what the bundle has put on the global array `told`, once its socket has failed
 */
export function runInReactNative(bundle: string): string[] {
  const scope: Record<string, unknown> = { WebSocket: NativeSocket, setTimeout, clearTimeout, console }
  scope.globalThis = scope
  runInContext(bundle, createContext(scope))
  for (const socket of NativeSocket.made) socket.fail()
  return scope.told as string[]
}

type Listener = (event: object) => void

/** Behaves as React Native's: events without `wasClean`, and an error with a message. */
class NativeSocket {
  static readonly made: NativeSocket[] = []

  readonly url: string
  readonly protocols: unknown
  readonly options: unknown
  readyState = 0
  onerror: Listener | null = null
  readonly #listeners = new Map<string, Listener[]>()

  constructor(url: string, protocols: unknown, options: unknown) {
    this.url = url
    this.protocols = protocols
    this.options = options
    NativeSocket.made.push(this)
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  close(): void {
    this.readyState = 2
  }

  fail(): void {
    this.readyState = 3
    const error = { type: 'error', message: 'Connection refused' }
    for (const listener of this.#listeners.get('error') ?? []) listener(error)
    this.onerror?.(error)
    for (const listener of this.#listeners.get('close') ?? []) listener({ type: 'close', code: 1006, reason: '' })
  }
}
