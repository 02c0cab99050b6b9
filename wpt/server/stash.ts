import { EventEmitter, once } from 'node:events'

/** Values that handlers keep for each other, by path and key, for as long as the server runs. Taking a value removes it. */
export class Stash {
  readonly #values = new Map<string, unknown>()
  readonly #changes = new EventEmitter()

  constructor() {
    // Each waiting connection has a listener, so many listeners are not a leak.
    this.#changes.setMaxListeners(0)
  }

  put(path: string, key: string, value: unknown): void {
    this.#values.set(`${path} ${key}`, value)
    this.#changes.emit('change')
  }

  /** Removes and returns the value of a key; null if there is none. */
  take(path: string, key: string): unknown {
    const name = `${path} ${key}`
    const value = this.#values.get(name)
    this.#values.delete(name)
    return value ?? null
  }

  /** Waits for a value if there is none. Rejects when `signal` aborts. */
  async takeLater(path: string, key: string, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const value = this.take(path, key)
      if (value !== null) return value
      await once(this.#changes, 'change', { signal })
    }
  }
}
