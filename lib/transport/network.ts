import type { ConnectSignal } from './connect.ts'
import type { Pipe } from './pipe.ts'
import type { TlsOptions } from './tls-options.ts'
import type { Trace } from './trace.ts'

/**
 * How a connection leaves this machine, by the names of `net.connect`, and which addresses it may go to.
 *
 * @see https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
 */
export interface NetworkOptions {
  /**
   * Resolves a host name, as `dns.lookup` does; it is asked for all addresses, and may give one. Not called for an address.
   * Default: `dns.lookup`, and for a name of the loopback interface its addresses.
   */
  readonly lookup?: Lookup
  /** Connects over IPv4 (4), IPv6 (6), or either (0). Default: the family of `localAddress`, or 0. */
  readonly family?: 0 | 4 | 6
  /** The address of this machine to connect from. Default: the system chooses. */
  readonly localAddress?: string
  /** Sends small messages at once, without waiting for the acknowledgement of earlier ones (TCP_NODELAY). Default: true. */
  readonly noDelay?: boolean
  /**
   * The unix socket, or the named pipe of Windows, to connect to; the URL then gives no more than the request. A path that begins
   * with NUL is an abstract socket of Linux. Default: none, for TCP.
   */
  readonly socketPath?: string
  /**
   * Whether a connection may go to an IP address. It is asked for each address that a name has, and for one in the URL; an
   * IPv4 address that is written as IPv6 (`::ffff:127.0.0.1`) is asked for as IPv4. Only `true` allows one. Default: all
   * addresses are allowed.
   */
  readonly allowAddress?: (address: string) => boolean
}

/** The signature of `dns.lookup`, as `net.connect` calls it. */
export type Lookup = (
  hostname: string,
  options: any,
  callback: (error: any, address: any, family?: any) => void,
) => unknown

/**
 * The network options that `connect` of the host is given. `resolveHost` has resolved and checked the addresses before. HTTP/2
 * shares a connection only between sockets with the same `lookup`.
 */
export interface Network extends Partial<Resolving> {
  readonly localAddress?: string | undefined
  readonly noDelay?: boolean | undefined
  readonly socketPath?: string | undefined
  readonly allowAddress?: NetworkOptions['allowAddress'] | undefined
  /** The record of the steps of the connection, written as they begin. */
  readonly trace?: Trace | undefined
  /** Leads to the server in place of TCP. The other members are for the connection that it makes, if any. */
  readonly tunnel?: Tunnel | undefined
}

/** A way to the server through something else, such as a proxy. HTTP/2 shares connections through equal tunnels. */
export interface Tunnel {
  /** Equal tunnels have equal names, equal TLS options to whatever is in between, and the same owner. */
  readonly name: string
  readonly tls?: TlsOptions | undefined
  readonly owner?: object
  /** Whether its bytes are encrypted already, for a secure target. */
  readonly isEncrypted?: boolean
  /** @throws (rejects with) why there is no way, or the reason of the signal */
  open(signal: ConnectSignal, trace: Trace): Promise<Pipe>
}

/** The part that `resolveHost` of the host uses. */
export interface Resolving {
  readonly lookup?: Lookup | undefined
  readonly family: 0 | 4 | 6
  /** The address to connect from. Its family is asked for where `family` is 0. */
  readonly localAddress?: string | undefined
}
