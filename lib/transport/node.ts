import { Buffer } from 'node:buffer'
import { type LookupAddress, lookup } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import type { ConnectTarget, Location, TlsOptions } from './connect.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** One read takes up to so many bytes; less where each socket has a buffer of its own, see below. */
const READ_SIZE = (process.platform === 'win32' ? 64 : 256) * 1024

/** Bun copies what is gathered, and what it has to wait with then, once more (bench: send binary 16 MiB). */
const GATHERS = process.versions.bun === undefined

/**
 * Milliseconds for each of several addresses. Unlike RFC 8305 has it, Node.js gives an attempt up when the next one begins, so
 * its 250 ms are too short for a slow network or a busy machine.
 */
const ATTEMPT_TIMEOUT = 1000

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
export async function connect(target: ConnectTarget, tls?: TlsOptions): Promise<Pipe> {
  const { host, port, signal, secure } = target
  // What TLS needs is loaded by those alone who use it: it takes longer than all the rest (bench: import).
  const { connectTls } = secure ? await import('./node-tls.ts') : NO_TLS
  signal.throwIfAborted()
  return new Promise((fulfil, reject) => {
    const pipe = new NodePipe(secure)
    const options = {
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT,
      onread: pipe.reading(),
      ...(target.addresses === undefined ? {} : { lookup: lookupFrom(target.addresses) }),
    }
    const socket = connectTls === undefined ? connectTcp(options) : (connectTls(options, host, tls) as Socket)
    // A TLS socket does not take the option, but Duplex documents that it may be set.
    socket.allowHalfOpen = true
    // No byte is read before there is somebody to take it.
    socket.pause()
    // Whoever waits for the pipe decides whether the process does. Of several addresses each has a handle of its own.
    socket.unref()
    socket.once('connect', () => socket.unref())

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
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      socket.ref()
      pipe.adopt(socket)
      fulfil(pipe)
    })
  })
}

/** Whose socket it is: one property in place of a function for each event (bench: idle). */
const PIPE = Symbol('pipe')
type PipeSocket = Socket & { [PIPE]?: NodePipe }

function onError(this: PipeSocket, error: unknown): void {
  this[PIPE]!.onError(error)
}
function onEnd(this: PipeSocket): void {
  this[PIPE]!.onEnd()
}
function onClose(this: PipeSocket): void {
  this[PIPE]!.onClose()
}

class NodePipe implements Pipe {
  #socket!: Socket
  #sink: PipeSink | undefined
  #error: unknown
  #paused = false
  #aborted = false
  #mustDrain = false
  /** The last write did. */
  #leftAtOnce = true
  /** With TLS none does, and on Deno a write of nothing never ends there. */
  readonly #secure: boolean
  #corked = false
  /** As it was when it was last looked at. */
  #buffered = 0

  #onWritten: (() => void) | undefined

  // What came before `start`, or was on its way at the pause: bytes, then the end, then the close.
  #early: Uint8Array[] | undefined
  #endHeld = false
  #closeHeld = false

  constructor(secure: boolean) {
    this.#secure = secure
  }

  /** The `onread` option for this pipe's socket. */
  reading(): OnReadOpts {
    const ownBuffer = sharedBuffer ?? Buffer.allocUnsafeSlow(READ_SIZE)
    return {
      // Asked for after each read. A long message is read to where it belongs, and not copied (bench: receive binary 1 MiB).
      buffer: () => this.#sink?.room?.() ?? ownBuffer,
      callback: (length, buffer) => {
        const bytes = buffer.length === length ? buffer : buffer.subarray(0, length)
        if (this.#sink === undefined || this.#paused || this.#early !== undefined) {
          this.#early ??= []
          this.#early.push(new Uint8Array(bytes))
          return false
        }
        this.#sink.data(bytes)
        return true
      },
    }
  }

  /** Takes over a socket that is connected and paused. */
  adopt(socket: PipeSocket): void {
    this.#socket = socket
    socket[PIPE] = this
    socket.on('error', onError)
    socket.on('end', onEnd)
    socket.on('close', onClose)
  }

  onError(error: unknown): void {
    this.#error = error
    // Not every error of TLS ends its socket.
    this.#socket.destroy()
  }

  onEnd(): void {
    // Behind an error, TLS reports an end that the peer has not sent.
    if (this.#error !== undefined) return
    this.#endHeld = true
    this.#deliver()
  }

  onClose(): void {
    this.#closeHeld = true
    this.#deliver()
  }

  get givesBack(): boolean {
    // The socket counts bytes as waiting until the system has copied them, or TLS has encrypted them.
    return true
  }

  get buffered(): number {
    // A socket that failed forgets what it did not send.
    if (this.#mustDrain && !this.#socket.destroyed && this.#socket.errored === null) {
      this.#buffered = this.#socket.writableLength
    }
    return this.#buffered
  }

  start(sink: PipeSink): void {
    process.nextTick(() => {
      this.#sink = sink
      this.#goOn()
    })
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    const socket = this.#socket
    // A write that fails at once destroys the socket within the call; its bytes have not left.
    this.#buffered = this.buffered + bytes.length
    this.#mustDrain = true
    if (more && !this.#corked && GATHERS) {
      this.#corked = true
      socket.cork()
    }
    // A callback costs a tick, also where all leaves at once (bench: send, 1 a turn): only after what did not, there is one.
    const callsBack = !more && (this.#secure || !this.#leftAtOnce)
    socket.write(bytes, callsBack ? this.#written() : undefined)
    if (!more && this.#corked) {
      this.#corked = false
      socket.uncork()
    }
    const left = this.buffered === 0
    if (left) this.#mustDrain = false
    if (more) return left
    this.#leftAtOnce = left
    if (!left && !callsBack && !socket.destroyed) socket.write(NOTHING, this.#written())
    return left
  }

  end(): void {
    this.#socket.end()
  }

  abort(_reason?: unknown): void {
    this.#aborted = true
    this.#socket.destroy()
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#early === undefined && !this.#endHeld) this.#socket.resume()
    else process.nextTick(() => this.#goOn())
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #goOn(): void {
    this.#deliver()
    if (!this.#paused) this.#socket.resume()
  }

  /** Passes on what was held, in its order. A connection that is gone is told, paused or not. */
  #deliver(): void {
    const sink = this.#sink
    if (sink === undefined) return
    while (this.#early !== undefined && !this.#paused && !this.#aborted) {
      const bytes = this.#early.shift()!
      if (this.#early.length === 0) this.#early = undefined
      sink.data(bytes)
    }
    if (this.#endHeld && this.#early === undefined && !this.#aborted) {
      this.#endHeld = false
      sink.end()
    }
    if (!this.#closeHeld) return
    this.#closeHeld = false
    sink.close(this.#error)
  }

  /** One function for all writes of the pipe, once there is need of it. An error shows in the socket's own events. */
  #written(): () => void {
    this.#onWritten ??= () => {
      if (!this.#mustDrain || this.buffered > 0 || this.#socket.destroyed) return
      this.#mustDrain = false
      this.#sink!.drain()
    }
    return this.#onWritten
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

const NOTHING = new Uint8Array(0)
const NO_TLS = { connectTls: undefined }
