import type { Context, Implementation, Port, Scope, Socket, SocketStream, UrlParts, Variant } from '../../port.ts'
import * as assert from './assert.ts'

/** A ported subtest. The stage closes afterwards what the subtest has left open. */
export type Act = (stage: Stage) => void | Promise<void>

export const everyVariant: readonly Variant[] = ['ws', 'wss', 'h2']
export const overHttp1: readonly Variant[] = ['ws', 'wss']
export const overTls: readonly Variant[] = ['wss', 'h2']
export const plainOnly: readonly Variant[] = ['ws']

/** A port of a `.any.js` file of upstream, which runs in a window and in a worker. */
export function anyScope(upstream: string, variants: readonly Variant[], acts: Record<string, Act>): Port {
  return port(upstream, variants, ['window', 'worker'], acts)
}

/** A port of an `.html` file of upstream. */
export function windowOnly(upstream: string, variants: readonly Variant[], acts: Record<string, Act>): Port {
  return port(upstream, variants, ['window'], acts)
}

/** A port of a `.worker.js` file of upstream. */
export function workerOnly(upstream: string, variants: readonly Variant[], acts: Record<string, Act>): Port {
  return port(upstream, variants, ['worker'], acts)
}

export function long(port: Port): Port {
  return { ...port, timeout: 'long' }
}

function port(
  upstream: string,
  variants: readonly Variant[],
  scopes: readonly Scope[],
  acts: Record<string, Act>,
): Port {
  const subtests = Object.entries(acts).map(([title, act]) => [title, (t: Context) => perform(t, act)])
  return { upstream, variants, scopes, subtests: Object.fromEntries(subtests) }
}

async function perform(t: Context, act: Act): Promise<void> {
  const stage = new Stage(t)
  try {
    await act(stage)
  } catch (failure) {
    try {
      stage.strike()
    } catch {
      // The failure of the act is reported below, and not that of cleaning up.
    }
    throw failure
  }
  stage.strike()
}

/** A context that records the sockets and streams made with it, and closes them in the end. */
export class Stage {
  readonly t: Context
  readonly #sockets: Socket[] = []
  /** The streams whose `closed` is pending. */
  readonly #streams = new Set<SocketStream>()

  constructor(t: Context) {
    this.t = t
  }

  /** A class under test. Fails the subtest if it is missing. */
  need<Name extends keyof Implementation>(name: Name): NonNullable<Implementation[Name]> {
    const found = this.t[name]
    return found ?? assert.fail(`the implementation has no ${name}`)
  }

  url(path: string, parts?: UrlParts): string {
    return this.t.url(path, parts)
  }

  /** A WebSocket to a handler of the test server. */
  socket(path: string, ...protocols: [] | [protocols: string | string[]]): Socket {
    return this.construct(this.url(path), ...protocols)
  }

  /** A WebSocket made with any arguments, also with those that the types do not allow. */
  construct(...args: unknown[]): Socket {
    const socket = Reflect.construct(this.need('WebSocket'), args) as Socket
    this.#sockets.push(socket)
    return socket
  }

  /** A WebSocketStream to a handler of the test server. */
  stream(path: string, ...options: [] | [options: object]): SocketStream {
    return this.constructStream(this.url(path), ...options)
  }

  /** A WebSocketStream made with any arguments. */
  constructStream(...args: unknown[]): SocketStream {
    const stream = Reflect.construct(this.need('WebSocketStream'), args) as SocketStream
    this.#streams.add(stream)
    const forget = () => this.#streams.delete(stream)
    stream.closed.then(forget, forget)
    return stream
  }

  /** Closes the sockets and streams that are still open. */
  strike(): void {
    // The method of the prototype, because an act may have replaced `socket.close`.
    for (const socket of this.#sockets) this.need('WebSocket').prototype.close.call(socket)
    for (const stream of this.#streams) {
      // close() before the stream is open makes both promises reject.
      stream.opened.catch(() => {})
      stream.close()
    }
  }
}
