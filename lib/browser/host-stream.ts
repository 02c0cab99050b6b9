import type { WebSocketStream, WebSocketStreamConstructor } from '../api/websocket-stream.ts'
import { startTimer, stopTimer } from '../host/timers.ts'
import { ConnectionError, type FailureCode } from '../protocol/errors.ts'
import { scope } from './host-classes.ts'
import { type PageSettings, resolveURL } from './options.ts'
import { readStreamOptions } from './stream-options.ts'
import { hostStreamFailures } from './stream-slot.ts'
import { unsupported } from './unsupported.ts'

/**
 * The host's WebSocketStream, whose constructor takes the options of this package. The host would pass over those that it does
 * not know. It is a proxy, so that its objects are those of the host's class, and have its prototype.
 */
export function withOptions(HostStream: WebSocketStreamConstructor): WebSocketStreamConstructor {
  return new Proxy(HostStream, {
    construct(target, values: unknown[], newTarget) {
      // Without a URL, the host throws its own error.
      if (values.length === 0) return Reflect.construct(target, values, newTarget)
      const { settings, streams } = readStreamOptions(values[1])
      refuse('closeTimeout', settings.closeTimeout > 0, settings)
      refuse('streams', !areOfHost(streams), settings)
      const limit = new HandshakeLimit(settings)
      const { protocols, targetAddressSpace } = settings
      const options = { protocols, targetAddressSpace, signal: limit.signal }
      const stream = Reflect.construct(target, [resolveURL(values[0], settings.baseURL), options], newTarget)
      limit.watch(stream as WebSocketStream)
      return stream
    },
  })
}

/** @throws TypeError for an option that the host's stream cannot have, unless such are ignored */
function refuse(name: string, isGiven: boolean, { browser }: PageSettings): void {
  if (!isGiven || browser === 'ignore') return
  throw unsupported(`The WebSocketStream option "${name}"`, 'in a browser with a WebSocketStream of its own')
}

function areOfHost(streams: unknown): boolean {
  if (streams === undefined) return true
  const { ReadableStream, WritableStream } = Object(streams) as Record<string, unknown>
  return ReadableStream === scope.ReadableStream && WritableStream === scope.WritableStream
}

/** Gives up a stream of the host that is not open in time, and notes why a stream failed, as far as a page may know. */
class HandshakeLimit {
  /** For the host's constructor: the user's, or one that is aborted when the time is over as well. */
  readonly signal: AbortSignal | undefined
  #failure: ConnectionError | undefined
  readonly #stop: () => void = () => {}

  constructor({ handshakeTimeout, signal }: PageSettings) {
    this.signal = signal as AbortSignal | undefined
    if (handshakeTimeout === 0) return
    const controller = new AbortController()
    const timer = startTimer(handshakeTimeout, () => {
      const message = `The opening handshake did not complete within ${handshakeTimeout} ms ("handshakeTimeout")`
      this.#failure = new ConnectionError('WS_ERR_HANDSHAKE_TIMEOUT', message)
      // Chromium rejects with an AbortError of its own, whatever the reason.
      controller.abort(this.#failure)
    })
    this.#stop = () => stopTimer(timer)
    this.signal = this.signal === undefined ? controller.signal : AbortSignal.any([this.signal, controller.signal])
  }

  watch(stream: WebSocketStream): void {
    const note = (code: FailureCode, message: string, cause: unknown): void => {
      this.#stop()
      if (!hostStreamFailures.has(stream)) {
        hostStreamFailures.set(stream, this.#failure ?? new ConnectionError(code, message, { cause }))
      }
    }
    stream.opened.then(this.#stop, (cause: unknown) => {
      if (this.signal?.aborted === true) note('WS_ERR_ABORTED', 'The opening handshake was aborted', cause)
      else note('WS_ERR_CONNECT', 'The connection could not be established', cause)
    })
    stream.closed.then(undefined, (cause: unknown) => {
      note('WS_ERR_CONNECTION_LOST', 'The connection was lost', cause)
    })
  }
}
