import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ConnectSignal } from './connect.ts'
import { explainTlsError } from './tls-errors.ts'
import type { Trace } from './trace.ts'

interface Waiting {
  readonly signal: ConnectSignal
  /** Whether to wait for the TLS handshake. Its errors are explained in words. */
  readonly secure: boolean
  readonly trace: Trace
}

/**
 * How a pipe takes over a socket of Node.js. Programs for other hosts do not know the types of Node.js, so none is named
 * here.
 */
export interface SocketTaker<Result> {
  /** The protocols to offer (ALPN), in place of those of the `tls` option. */
  readonly protocols: readonly string[] | undefined
  /** The option `onread` of `net.connect`. */
  readonly onread: object | undefined
  /** Called once the socket is connected, and encrypted. It is paused, and nobody listens to its events. */
  take(socket: any): Result
}

/**
 * Waits until a socket of Node.js is connected, and gives it to `take`. The types of Node.js are unknown to programs for other
 * hosts, so the declaration does not name them.
 *
 * @param nodeSocket paused, and not connected yet
 * @throws (rejects with) the error of the socket, or the reason of the signal; the socket is destroyed then
 */
export function openSocket<Result>(
  nodeSocket: object,
  take: (socket: any) => Result,
  waiting: Waiting,
): Promise<Result> {
  const socket = nodeSocket as Socket
  const { signal, secure, trace } = waiting
  return new Promise((fulfil, reject) => {
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    const onError = (error: unknown): void => {
      ;(signal as AbortSignal).removeEventListener('abort', onAbort)
      // Not every error of TLS ends its socket.
      socket.destroy()
      reject(secure ? explainTlsError(error) : error)
    }
    signal.addEventListener('abort', onAbort)
    // `on`, not `once`: a socket may emit several errors, and one without a listener ends the process.
    socket.on('error', onError)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      // Another listener of the event may have refused the connection. Its error follows.
      if (socket.destroyed) return
      ;(signal as AbortSignal).removeEventListener('abort', onAbort)
      socket.off('error', onError)
      if (secure) traceTls(socket as TLSSocket, trace)
      socket.ref()
      fulfil(take(socket))
    })
  })
}

/** Notes the TLS of a socket. One of another library may lack the methods. */
export function traceTls(nodeSocket: object, trace: Trace): void {
  const socket = nodeSocket as Partial<TLSSocket>
  const cipher = socket.getCipher?.()
  const protocol = socket.getProtocol?.() ?? ''
  trace.tls = { protocol, cipher: cipher?.standardName ?? cipher?.name ?? '', authorized: socket.authorized === true }
}
