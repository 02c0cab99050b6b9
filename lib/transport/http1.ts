import { Deadline } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { ResponseBodyReader, ResponseHeadReader, writeRequest } from '../protocol/http1.ts'
import type { Pipe, PipeSink, ResponseHead, Upgrade, UpgradeHandler, UpgradeRequest } from './pipe.ts'
import { clientCertificateAdvice, EXPECTS_TLS } from './tls-advice.ts'
import { UpgradedPipe } from './upgraded-pipe.ts'

/** Milliseconds until the body of a refusal is reported as far as it has come: it only helps to explain the refusal. */
export const BODY_TIMEOUT = 1000

/** The first byte of an alert, and of the handshake, of TLS (RFC 8446 section 5.1). No HTTP response begins so. */
const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16

/**
 * An {@link Upgrade} over a byte pipe that was just opened: the HTTP/1.1 request and response of RFC 6455 section 4.
 *
 * @param secure whether the pipe is encrypted. If not, a server that expects TLS is told of in the error
 */
export function upgradeOver(pipe: Pipe, secure = true): Upgrade {
  return (request, handler) => {
    const exchange = new Http1Exchange(pipe, request, handler, secure)
    return reason => exchange.cancel(reason)
  }
}

/** One request and its response. After a 101 it forwards what the byte pipe reports. */
class Http1Exchange implements PipeSink {
  readonly #pipe: Pipe
  readonly #secure: boolean
  /** Whether the server has sent a byte. */
  #answered = false
  /** Dropped once the head was read, since the exchange lives as long as the connection. */
  #head: ResponseHeadReader | undefined = new ResponseHeadReader()
  /** Undefined once one of its methods was called, or the exchange was cancelled. */
  #handler: UpgradeHandler | undefined
  #upgraded: UpgradedPipe | undefined
  #refusal: { head: ResponseHead; body: ResponseBodyReader; deadline: Deadline } | undefined

  constructor(pipe: Pipe, request: UpgradeRequest, handler: UpgradeHandler, secure: boolean) {
    this.#pipe = pipe
    this.#secure = secure
    this.#handler = handler
    pipe.start(this)
    pipe.write(writeRequest(request), false)
  }

  /** Aborts the exchange, unless its outcome was reported. The handler is not called any more. */
  cancel(reason?: unknown): void {
    if (this.#handler === undefined) return
    this.#handler = undefined
    this.#refusal?.deadline.cancel()
    this.#pipe.abort(reason)
  }

  data(bytes: Uint8Array): void {
    if (this.#handler === undefined) this.#upgraded?.sink?.data(bytes)
    else this.#read(bytes, this.#handler)
  }

  room(): Uint8Array | undefined {
    return this.#upgraded?.sink?.room?.()
  }

  drain(): void {
    this.#upgraded?.sink?.drain()
  }

  end(): void {
    if (this.#handler === undefined) this.#upgraded?.onEnd()
    else this.#lost('The server ended the connection during the handshake')
  }

  close(cause?: unknown): void {
    if (this.#handler === undefined) this.#upgraded?.sink?.close(cause)
    else this.#lost('The connection was lost during the handshake', cause)
  }

  #lost(message: string, cause?: unknown): void {
    const advice = clientCertificateAdvice(cause) || (this.#secure || this.#answered ? '' : EXPECTS_TLS)
    this.#finish(new ConnectionError('WS_ERR_CONNECTION_LOST', message + advice, { cause }))
  }

  #read(bytes: Uint8Array, handler: UpgradeHandler): void {
    if (this.#refusal !== undefined) {
      if (this.#refusal.body.read(bytes)) this.#finish()
      return
    }
    const reader = this.#head!
    const speaksTls = !this.#answered && (bytes[0] === TLS_ALERT || bytes[0] === TLS_HANDSHAKE)
    this.#answered = true
    if (speaksTls) {
      const message = 'The response is not HTTP, but TLS: the URL has to begin with wss:'
      return this.#finish(new ConnectionError('WS_ERR_INVALID_RESPONSE', message))
    }
    const head = reader.read(bytes)
    if (head === undefined) return
    if (head instanceof ConnectionError) return this.#finish(head)
    this.#head = undefined
    const rest = bytes.subarray(reader.consumed)
    if (head.status === 101) {
      this.#handler = undefined
      this.#upgraded = new UpgradedPipe(this.#pipe)
      handler.upgraded(head, this.#upgraded)
      // Frames that arrived in the same packet. A handler that has not started the pipe by now has aborted it.
      if (rest.length > 0) this.#upgraded.onFirstData(rest)
      return
    }
    const body = new ResponseBodyReader(head)
    this.#refusal = { head, body, deadline: new Deadline(BODY_TIMEOUT, () => this.#finish()) }
    if (body.read(rest)) this.#finish()
  }

  /** Aborts the pipe and reports: a refusal, with the body as far as it has come, or else the error. */
  #finish(error?: ConnectionError): void {
    const handler = this.#handler
    const refusal = this.#refusal
    this.cancel(error)
    if (refusal !== undefined) handler?.refused(refusal.head, refusal.body.body)
    else if (error !== undefined) handler?.failed(error)
  }
}
