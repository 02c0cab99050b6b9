import type { LookupAddress } from 'node:dns'
import type { LookupFunction, NetConnectOpts, OnReadOpts, Socket } from 'node:net'
import { attempt } from '../host/attempt.ts'
import { shielded } from '../host/shielded-options.ts'
import { dns, net } from '../platform/builtins.ts'
import { refusalOf } from './allowed-address.ts'
import { type ConnectTarget, KEEP_ALIVE, type ResolvedHost } from './connect.ts'
import type { Network, Resolving, Tunnel } from './network.ts'
import { NodePipe } from './node-pipe.ts'
import { connectTls } from './node-tls.ts'
import { openSocket, type SocketTaker } from './open-socket.ts'
import type { Pipe } from './pipe.ts'
import type { TlsOptions } from './tls-options.ts'
import { secureSocket, socketOver } from './tls-over-pipe.ts'
import { startTrace, type Trace } from './trace.ts'

/**
 * Milliseconds for a connection attempt to one of several addresses (Happy Eyeballs, RFC 8305). Unlike the RFC has it, Node.js
 * gives up an attempt when the next one begins, so its default of 250 ms is too short for a slow network or a busy machine.
 */
const ATTEMPT_TIMEOUT = 1000
/**
 * Milliseconds for a connection attempt to the loopback interface. That answers or refuses at once, so an attempt takes long in a
 * busy process alone. Node.js and Deno then give up an attempt that has succeeded, since they run timers before they look at sockets.
 */
const LOOPBACK_ATTEMPT_TIMEOUT = 10_000

/**
 * Resolves a host name for a connection. An address, and a name of the loopback interface, need no resolver.
 *
 * @throws (rejects with) the error of the resolver, or an error if the host has no address of the family
 */
export async function resolveHost(
  host: string,
  port: number,
  { lookup, family, localAddress = '' }: Partial<Resolving> = ANY_NETWORK,
): Promise<ResolvedHost> {
  const wanted = family || net().isIP(localAddress)
  const own = net().isIP(host)
  const isLoopback = isLocalhost(host) && lookup === undefined
  const all = asAddresses(own !== 0 ? host : isLoopback ? LOOPBACK : await lookUp(host, wanted, lookup))
  const addresses = wanted === 0 ? all : all.filter(one => one.family === wanted)
  if (addresses.length === 0) throw new Error(`${host} has no address of IPv${wanted || '4 or 6'}`)
  return { key: `${addresses[0]!.address} ${port}`, addresses }
}

/**
 * Opens a TCP connection, and TLS over it for a secure target. A name's addresses of both families are tried in turn, and the
 * first that answers is taken (RFC 8305). A tunnel takes the place of TCP.
 *
 * @param tls for a secure target: what to trust and to show
 * @param keepAlive milliseconds after which the system probes an idle connection; 0 for never
 * @param network how the connection leaves this machine. A `socketPath` takes the place of host and port
 * @throws (rejects with) the system's error, or the reason of the target's signal
 */
export function connect(
  target: ConnectTarget,
  tls?: TlsOptions,
  keepAlive: number = KEEP_ALIVE,
  network: Network = ANY_NETWORK,
): Promise<Pipe> {
  const { trace = startTrace('connect'), tunnel } = network
  if (tunnel !== undefined && !hasTls(target, tunnel)) return tunnel.open(target.signal, trace)
  return connectSocket(target, tls, keepAlive, network, pipeOver(target.secure))
}

/** Whether TLS is spoken with the target over a tunnel. */
export function hasTls({ secure }: ConnectTarget, tunnel: Tunnel | undefined): boolean {
  return secure && tunnel?.isEncrypted !== true
}

/** Takes over a socket as a {@link Pipe}. */
export function pipeOver(secure: boolean): SocketTaker<Pipe> & { readonly onread: object } {
  const pipe = new NodePipe(secure)
  return {
    protocols: undefined,
    onread: pipe.readOptions(),
    take(socket) {
      pipe.adopt(socket)
      return pipe
    },
  }
}

/** Opens a socket, as `connect` does, for any taker. In a tunnel without TLS the socket is a Duplex. */
export async function connectSocket<Result>(
  target: ConnectTarget,
  tls: TlsOptions | undefined,
  keepAlive: number,
  network: Network,
  taker: SocketTaker<Result>,
): Promise<Result> {
  const { host, port, signal, secure } = target
  const { localAddress, socketPath, noDelay = true, trace = startTrace('connect'), tunnel } = network
  const { protocols, onread, take } = taker
  if (signal.aborted) throw signal.reason
  if (tunnel !== undefined) {
    const below = await tunnel.open(signal, trace)
    return hasTls(target, tunnel) ? await secureSocket(below, target, tls, trace, taker) : take(socketOver(below))
  }
  const isLoopback = isLocalhost(host)
  const options = {
    host,
    port,
    noDelay,
    keepAlive: keepAlive > 0,
    keepAliveInitialDelay: keepAlive,
    allowHalfOpen: true,
    onread: onread as OnReadOpts | undefined,
    lookup: target.addresses && fixedLookup(target.addresses),
    // Both addresses of the loopback interface are tried, even in a process with --no-network-family-autoselection.
    autoSelectFamily: isLoopback || undefined,
    autoSelectFamilyAttemptTimeout: isLoopback ? LOOPBACK_ATTEMPT_TIMEOUT : ATTEMPT_TIMEOUT,
    localAddress,
    path: socketPath,
  }
  const onTcp = (tcp: object): void => onConnected(tcp as Socket, secure, network, trace)
  trace.step = 'connect'
  const socket = secure
    ? (connectTls(options, tls, onTcp, protocols) as Socket)
    : net().connect(shielded(options) as NetConnectOpts)
  if (!secure) socket.once('connect', () => onTcp(socket))
  // `tls.connect` does not take the option, but Duplex documents that the property may be set.
  socket.allowHalfOpen = true
  // Node.js itself takes a time limit for TLS from a polluted Object.prototype.
  socket.setTimeout(0)
  // No byte is read before the pipe is started.
  socket.pause()
  // The session that waits for the pipe keeps the process alive, unless `unref(socket)` was called. The socket itself does not.
  socket.unref()
  return openSocket(socket, take, { signal, secure, trace }).catch(error => {
    // An address was given up for the next ones, and those have failed. It may have been slow, or the process busy: once more.
    const late = error?.errors?.find((one: { code?: unknown }) => one.code === 'ETIMEDOUT')?.address
    if (!late) throw error
    return connectSocket({ ...target, addresses: asAddresses(late) }, tls, keepAlive, network, taker)
  })
}

/** The network without options. It has no prototype, since Object.prototype may be polluted. */
export const ANY_NETWORK: Network = Object.create(null)

/** Called when TCP is connected; TLS may follow over it. */
function onConnected(tcp: Socket, secure: boolean, { socketPath, allowAddress }: Network, trace: Trace): void {
  // Each address that is tried has a handle of its own, so `unref` of the first handle does not count.
  tcp.unref()
  const address = (trace.remoteAddress = socketPath ?? tcp.remoteAddress)
  trace.remotePort = tcp.remotePort
  if (secure) trace.step = 'tls'
  // The addresses were checked before. A runtime might resolve the name once more nevertheless.
  const refusal = refusalOf(address, allowAddress)
  if (refusal !== undefined) tcp.destroy(refusal)
}

/** RFC 6761 section 6.3: these names are the loopback interface's, whatever a resolver answers. */
function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost\.?$/.test(host)
}

const LOOPBACK = [{ address: '127.0.0.1' }, { address: '::1' }]

function lookUp(host: string, family: number, lookup: Resolving['lookup']): Promise<unknown> {
  return new Promise((fulfil, reject) => {
    const options = shielded<{ all: true; family: number }>({ all: true, family })
    const ask = (lookup ?? dns().lookup) as LookupFunction
    attempt(() => ask(host, options, (error, found: unknown) => (error ? reject(error) : fulfil(found))), reject)
  })
}

/**
 * Checks the result of a resolver, or an address. A resolver of the caller's may give one address, as `dns.lookup` does without the
 * option `all`.
 */
function asAddresses(found: unknown): LookupAddress[] {
  const all: unknown[] = Array.isArray(found) ? found : [{ address: found }]
  return all.map(one => {
    const { address } = Object(one) as { address?: unknown }
    const family = typeof address === 'string' ? net().isIP(address) : 0
    if (family === 0) throw new TypeError('The option "lookup" gave no IP addresses')
    return { address: address as string, family }
  })
}

/** A `lookup` function for `net.connect` that answers with addresses which are known already. */
function fixedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, [...addresses])
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}
