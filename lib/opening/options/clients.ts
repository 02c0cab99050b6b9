import type { Dispatcher } from '../../transport/dispatcher.ts'
import { invalid, type Readers } from './reading.ts'

/** HTTP clients of the program, which open the connection in our place. */
export interface Options {
  /**
   * An `http.Agent` for ws, an `https.Agent` for wss, or one of a library: the opening handshake is a request of Node.js that it
   * serves. Default: false, for none.
   */
  readonly agent?: object | false
  /**
   * A Dispatcher of undici 6, 7 or 8, which makes the opening handshake; `'global'` is the one that `setGlobalDispatcher` has set.
   * Default: none.
   */
  readonly dispatcher?: Dispatcher | 'global'
}

export interface Settings {
  readonly agent: object | undefined
  readonly dispatcher: Dispatcher | 'global' | undefined
}

export const readers: Readers<Settings> = { agent: readAgent, dispatcher: readDispatcher }

function readAgent(value: unknown, name: string): object | undefined {
  if (value === undefined || value === false) return undefined
  // The check by which `http.request` knows an agent.
  const isAgent = typeof (value as { addRequest?: unknown } | null)?.addRequest === 'function'
  return isAgent ? (value as object) : invalid(name, 'an http.Agent or https.Agent')
}

function readDispatcher(value: unknown, name: string): Dispatcher | 'global' | undefined {
  if (value === undefined || value === 'global') return value
  const isDispatcher = typeof (value as { dispatch?: unknown } | null)?.dispatch === 'function'
  return isDispatcher ? (value as Dispatcher) : invalid(name, 'a Dispatcher of undici, or "global"')
}
