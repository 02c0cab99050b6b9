import type { LookupAddress } from 'node:dns'
import type { LookupFunction, OnReadOpts, Socket } from 'node:net'
import { shielded } from '../host/shielded-options.ts'
import { dns, net } from '../platform/builtins.ts'
import { type ConnectTarget, KEEP_ALIVE, type ResolvedHost } from './connect.ts'
import { NodePipe } from './node-pipe.ts'
import { connectTls, explainTlsError } from './node-tls.ts'
import type { Pipe } from './pipe.ts'
import type { TlsOptions } from './tls-options.ts'

/**
 * Milliseconds for a connection attempt to one of several addresses (Happy Eyeballs, RFC 8305). Unlike the RFC has it, Node.js
 * gives up an attempt when the next one begins, so its default of 250 ms is too short for a slow network or a busy machine.
 */
const ATTEMPT_TIMEOUT = 1000

/** Resolves a host name for a connection. An address, and a name of the loopback interface, need no resolver. */
export async function resolveHost(host: string, port: number): Promise<ResolvedHost> {
  const family = net().isIP(host)
  const addresses = family !== 0 ? [{ address: host, family }] : isLocalhost(host) ? LOOPBACK : await lookUp(host)
  return { key: `${addresses[0]!.address} ${port}`, addresses }
}

/**
 * Opens a TCP connection, and TLS over it for a secure target. A name's addresses of both families are tried in turn, and the
 * first that answers is taken (RFC 8305).
 *
 * @param tls for a secure target: what to trust and to show
 * @param keepAlive milliseconds after which the system probes an idle connection; 0 for never
 * @throws (rejects with) the system's error, or the reason of the target's signal
 */
export async function connect(target: ConnectTarget, tls?: TlsOptions, keepAlive: number = KEEP_ALIVE): Promise<Pipe> {
  const { host, port, signal, secure } = target
  if (signal.aborted) throw signal.reason
  return new Promise((fulfil, reject) => {
    const pipe = new NodePipe(secure)
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: keepAlive > 0,
      keepAliveInitialDelay: keepAlive,
      allowHalfOpen: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT,
      onread: pipe.readOptions() as OnReadOpts,
      ...(target.addresses === undefined ? {} : { lookup: fixedLookup(target.addresses) }),
      // Both addresses of the loopback interface are tried, whatever the process has set for names (--no-network-family-autoselection).
      ...(isLocalhost(host) ? { autoSelectFamily: true } : {}),
    }
    const socket = secure ? (connectTls(options, tls) as Socket) : net().connect(shielded(options))
    // `tls.connect` does not take the option, but Duplex documents that the property may be set.
    socket.allowHalfOpen = true
    // Node.js itself takes a time limit for TLS from a polluted Object.prototype.
    socket.setTimeout(0)
    // No byte is read before the pipe is started.
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
      // Not every error of TLS ends its socket.
      socket.destroy()
      reject(secure ? explainTlsError(error) : error)
    }
    signal.addEventListener('abort', onAbort)
    // There may be several, and one that nobody hears ends the process.
    socket.on('error', onError)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      socket.ref()
      pipe.adopt(socket)
      fulfil(pipe)
    })
  })
}

/** RFC 6761 section 6.3: these names are the loopback interface's, whatever a resolver answers. */
function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/.test(host)
}

const LOOPBACK: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

function lookUp(host: string): Promise<LookupAddress[]> {
  return new Promise((fulfil, reject) => {
    dns().lookup(host, shielded<{ all: true }>({ all: true }), (error, addresses) =>
      error === null ? fulfil(addresses) : reject(error),
    )
  })
}

/** A `lookup` function for `net.connect` that answers with addresses which are known already. */
function fixedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, [...addresses])
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}
