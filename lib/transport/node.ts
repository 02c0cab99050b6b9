import { Buffer } from 'node:buffer'
import { type LookupAddress, lookup } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { ConnectTarget, Location, TlsOptions } from './connect.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** One read takes up to so many bytes. */
const READ_SIZE = 64 * 1024

// A read fills the buffer and is handled before the next one begins, so all sockets can share one, and an idle socket
// owns none. Not on Windows, where a read may be under way in the kernel with its buffer.
const sharedBuffer = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(READ_SIZE)

/** Resolves a host name, so that connections to one host can wait for each other; an address is itself. */
export async function locate(host: string, port: number): Promise<Location> {
  const family = isIP(host)
  const addresses = family !== 0 ? [{ address: host, family }] : isLocalhost(host) ? LOOPBACK : await resolve(host)
  return { key: `${addresses[0]!.address} ${port}`, addresses }
}

/**
 * Opens a TCP connection, and TLS over it for a secure target. Of a name's addresses the first that answers is taken,
 * of both families in turn (RFC 8305).
 *
 * @param tls what to trust and to show, for a secure target
 * @throws (rejects with) the system's error, or the reason of the target's signal
 */
export function connect(target: ConnectTarget, tls?: TlsOptions): Promise<Pipe> {
  return new Promise((fulfil, reject) => {
    const pipe = new NodePipe()
    const { host, port, signal } = target
    signal.throwIfAborted()
    const options = {
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      onread: pipe.reading(),
      ...(target.addresses === undefined ? {} : { lookup: lookupFrom(target.addresses) }),
    }
    const socket = target.secure ? connectTls({ ...options, ...tlsOptions(host, tls) }) : connectTcp(options)
    // A TLS socket does not take the option, but Duplex documents that it may be set.
    socket.allowHalfOpen = true
    // No byte is read before there is somebody to take it.
    socket.pause()

    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    const onError = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      reject(error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', onError)
    socket.once(target.secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      pipe.adopt(socket)
      fulfil(pipe)
    })
  })
}

class NodePipe implements Pipe {
  #socket!: Socket
  #sink: PipeSink | undefined
  #error: unknown
  #mustDrain = false
  #corked = false
  /** As it was when it was last looked at. */
  #buffered = 0

  /** The `onread` option for this pipe's socket. */
  reading(): OnReadOpts {
    return {
      buffer: sharedBuffer ?? Buffer.allocUnsafeSlow(READ_SIZE),
      callback: (length, buffer) => {
        this.#sink?.data(buffer.subarray(0, length))
        return true
      },
    }
  }

  /** Takes over a socket that is connected and paused. */
  adopt(socket: Socket): void {
    this.#socket = socket
    socket.on('error', error => {
      this.#error = error
      // Not every error of TLS ends its socket.
      socket.destroy()
    })
  }

  get buffered(): number {
    // A socket that failed forgets what it did not send.
    if (!this.#socket.destroyed && this.#socket.errored === null) this.#buffered = this.#socket.writableLength
    return this.#buffered
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    const socket = this.#socket
    socket.on('end', () => {
      // Behind an error, TLS reports an end that the peer has not sent.
      if (this.#error === undefined) sink.end()
    })
    socket.on('close', () => sink.close(this.#error))
    socket.resume()
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    const socket = this.#socket
    // A write that fails at once destroys the socket within the call; its bytes have not left.
    this.#buffered = this.buffered + bytes.length
    if (more && !this.#corked) {
      this.#corked = true
      socket.cork()
    }
    socket.write(bytes, this.#onWritten)
    if (!more && this.#corked) {
      this.#corked = false
      socket.uncork()
    }
    if (this.buffered === 0) return true
    this.#mustDrain = true
    return false
  }

  end(): void {
    this.#socket.end()
  }

  abort(_reason?: unknown): void {
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  // One function for all writes of the pipe. An error shows in the socket's own events.
  readonly #onWritten = (): void => {
    if (!this.#mustDrain || this.buffered > 0 || this.#socket.destroyed) return
    this.#mustDrain = false
    this.#sink!.drain()
  }
}

/** These names are the loopback interface's, whatever a resolver says of them (RFC 6761 section 6.3). */
function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/.test(host)
}

const LOOPBACK: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

function resolve(host: string): Promise<LookupAddress[]> {
  return new Promise((fulfil, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error === null ? fulfil(addresses) : reject(error)))
  })
}

/** Answers with what was resolved already. */
function lookupFrom(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, [...addresses])
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}

function tlsOptions(host: string, tls: TlsOptions = NO_OPTIONS): ConnectionOptions {
  return {
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls as ConnectionOptions),
    secureContext: secureContext(tls),
  }
}

const NO_OPTIONS: TlsOptions = {}

// Making a context costs more than the rest of a handshake: those of the last few different options are kept.
const contexts: { readonly options: TlsOptions; readonly context: SecureContext }[] = []
const MAX_CONTEXTS = 16

function secureContext(options: TlsOptions): SecureContext {
  const known = contexts.find(entry => sameOptions(entry.options, options))
  if (known !== undefined) return known.context
  const context = createSecureContext(options as ConnectionOptions)
  contexts.unshift({ options, context })
  contexts.length = Math.min(contexts.length, MAX_CONTEXTS)
  return context
}

function sameOptions(one: TlsOptions, other: TlsOptions): boolean {
  const names = Object.keys(one) as (keyof TlsOptions)[]
  return names.length === Object.keys(other).length && names.every(name => isDeepStrictEqual(one[name], other[name]))
}
