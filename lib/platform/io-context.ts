import type { IoContext } from '../host/host.ts'

/**
 * An object of workerd that can be used only in the request that made it, as every object that does I/O. This is the only kind of
 * them that is made without a connection or a body.
 */
interface Token {
  /** The getter throws when it is called within another request. */
  readonly readyState: number
}

/** The contexts that are looked through. A request whose context was dropped from them gets another one. */
const MAX_CONTEXTS = 32

/**
 * The contexts of the requests that have made sockets, the latest first. Shared by the whole isolate: that is how the sockets of
 * one request find each other, since the runtime has no name for a request.
 */
const contexts: RequestContext[] = []

class RequestContext implements IoContext {
  readonly #token: Token

  constructor() {
    const pair = new (globalThis as unknown as { WebSocketPair: new () => readonly [Token, Token] }).WebSocketPair()
    this.#token = pair[0]
  }

  enter(): void {
    void this.#token.readyState
  }

  get isCurrent(): boolean {
    try {
      this.enter()
      return true
    } catch {
      return false
    }
  }
}

/** The request that the caller runs for; in a Durable Object, the object. */
export function captureRequest(): IoContext {
  const found = contexts.find(context => context.isCurrent)
  if (found !== undefined) return found
  const context = new RequestContext()
  contexts.unshift(context)
  contexts.length = Math.min(contexts.length, MAX_CONTEXTS)
  return context
}
