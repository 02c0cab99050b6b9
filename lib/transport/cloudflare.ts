import type { ConnectTarget } from './connect.ts'
import { duplexPipe } from './duplex.ts'
import type { Duplex, Pipe } from './pipe.ts'
import type { TlsOptions } from './tls-options.ts'

/** The part of `cloudflare:sockets` that is used. @see https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/ */
interface Sockets {
  connect(
    address: { hostname: string; port: number },
    options: { secureTransport: 'on' | 'off' | 'starttls'; allowHalfOpen: boolean },
  ): Socket
}

interface Socket {
  readonly readable: { getReader(options: { mode: 'byob' }): ByteReader }
  readonly writable: Duplex['writable']
  readonly opened: Promise<unknown>
  readonly closed: Promise<unknown>
  startTls(options: { expectedServerHostname: string }): Socket
  close(): Promise<void>
}

interface ByteReader {
  /** Takes the memory of `view` away, and gives it back under `value`. */
  read(view: Uint8Array<ArrayBuffer>): Promise<{ done: boolean; value?: Uint8Array<ArrayBuffer> }>
}

type Reader = ReturnType<Duplex['readable']['getReader']>

/** Bytes of the first read, and of a read after one that has not filled its memory: an idle connection holds no more. */
const SHORT_READ = 4 * 1024
/** Bytes of a read after one that has filled its memory. */
const LONG_READ = 64 * 1024

/**
 * Opens a TCP connection by `cloudflare:sockets`, and TLS over it for a secure target.
 *
 * @param tls for a secure target: its one member is `servername`, since the runtime has no place for others
 * @throws (rejects with) TypeError that names another member; the runtime's error, or the reason of the target's signal
 */
export async function connect(target: ConnectTarget, tls: TlsOptions | undefined): Promise<Pipe> {
  const { host, port, secure, signal } = target
  if (secure) refuseMembers(tls)
  // The comment in the call keeps webpack from resolving the name, or from making a second file for an external module.
  // @ts-expect-error: the module is there in workerd alone.
  const { connect: open } = (await import(/* webpackIgnore: true */ 'cloudflare:sockets')) as Sockets
  if (signal.aborted) throw signal.reason
  const servername = secure ? tls?.servername : undefined
  const secureTransport = secure ? (servername === undefined ? 'on' : 'starttls') : 'off'
  const address = { hostname: host.includes(':') ? `[${host}]` : host, port }
  const tcp = open(address, { secureTransport, allowHalfOpen: true })
  const socket = servername === undefined ? tcp : tcp.startTls({ expectedServerHostname: servername })
  for (const one of [tcp, socket]) for (const end of [one.opened, one.closed]) end.catch(() => {})
  const aborted = new Promise<never>((_fulfil, reject) => {
    signal.addEventListener('abort', () => {
      void socket.close().catch(() => {})
      reject(signal.reason)
    })
  })
  await Promise.race([socket.opened, aborted])
  return duplexPipe({ readable: { getReader: () => byteReader(socket) }, writable: socket.writable })
}

/** @throws TypeError that names a member which the runtime would ignore */
function refuseMembers(tls: TlsOptions = {}): void {
  const name = Object.keys(tls).find(member => member !== 'servername')
  if (name === undefined) return
  throw new TypeError(
    `The WebSocket option "tls.${name}" has no effect here: cloudflare:sockets takes no more than a name`,
  )
}

/** Reads into the same memory again and again. What a read gives is valid until the next one. */
function byteReader(socket: Socket): Reader {
  const reader = socket.readable.getReader({ mode: 'byob' })
  let memory = new ArrayBuffer(SHORT_READ)
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(memory))
      if (value !== undefined) {
        const { buffer } = value
        const size = value.length === buffer.byteLength ? LONG_READ : SHORT_READ
        memory = buffer.byteLength === size ? buffer : new ArrayBuffer(size)
      }
      return { done, value }
    },
    // This closes both directions, since a connection that is dropped sends nothing more either.
    cancel: () => socket.close(),
  }
}
