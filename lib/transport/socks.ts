import { ConnectionError } from '../protocol/errors.ts'
import { parseAddress } from './ip-address.ts'
import type { ProxyPipe } from './proxy-pipe.ts'

/** User name and password in bytes. */
export interface SocksCredentials {
  readonly user: Uint8Array
  readonly password: Uint8Array
}

/** The longest name, user name and password in SOCKS 5, in bytes: each has a length of one byte. */
const MAX_LENGTH = 255

/**
 * Asks a proxy for a tunnel by SOCKS 5 (RFC 1928).
 *
 * @param host an IP address, or a name, which the proxy resolves
 * @throws (rejects with) ConnectionError if the proxy refuses, or does not speak SOCKS 5; else the pipe's error
 */
export async function askSocks5(
  proxy: ProxyPipe,
  host: string,
  port: number,
  credentials: SocksCredentials | undefined,
): Promise<void> {
  // RFC 1928 section 3: the methods of authentication to choose from.
  const methods = credentials === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_NAME_PASSWORD]
  send(proxy, [VERSION_5, methods.length, ...methods])
  const [version, method] = await proxy.take(2)
  if (version !== VERSION_5) throw ill('it does not speak SOCKS 5')
  // Section 3: X'FF' means that none of the methods is acceptable.
  if (method === NONE_ACCEPTABLE) {
    throw refused(credentials === undefined ? 'it wants credentials' : 'it accepts no user name and password')
  }
  if (!methods.includes(method!)) throw ill('it chose a method that was not offered')
  if (method === USER_NAME_PASSWORD) await authenticate(proxy, credentials!)

  // Section 4: CONNECT, a reserved byte, the address.
  send(proxy, [VERSION_5, CONNECT, 0, ...addressOf(host), port >> 8, port & 0xff])
  // Section 6: version, reply, a reserved byte, the type of the address.
  const [replyVersion, reply, , type] = await proxy.take(4)
  if (replyVersion !== VERSION_5) throw ill('its reply is not one of SOCKS 5')
  if (reply !== 0) throw refused(REPLIES[reply! - 1] ?? `code ${reply}`)
  // The address and the port that the proxy connects from, which nobody needs. Their length has to be known nevertheless.
  if (type === DOMAIN_NAME) await proxy.take((await proxy.take(1))[0]! + 2)
  else if (type === IPV4 || type === IPV6) await proxy.take((type === IPV4 ? 4 : 16) + 2)
  else throw ill('its reply has an unknown type of address')
}

/** RFC 1929 section 2. */
async function authenticate(proxy: ProxyPipe, { user, password }: SocksCredentials): Promise<void> {
  if (user.length > MAX_LENGTH || password.length > MAX_LENGTH) {
    throw ill(`SOCKS 5 has no user name or password of more than ${MAX_LENGTH} bytes`)
  }
  send(proxy, [SUBNEGOTIATION_VERSION, user.length, ...user, password.length, ...password])
  const [version, status] = await proxy.take(2)
  // Some proxies answer with the version of SOCKS, where RFC 1929 wants that of the subnegotiation.
  if (version !== SUBNEGOTIATION_VERSION && version !== VERSION_5) throw ill('its answer to the password is ill-formed')
  if (status !== 0) throw refused('it does not accept the user name and the password')
}

/** RFC 1928 section 5: the type of the address, and the address. */
function addressOf(host: string): number[] {
  const address = parseAddress(host)
  if (address !== undefined) return [address.length === 4 ? IPV4 : IPV6, ...address]
  if (host.length > MAX_LENGTH) throw ill(`SOCKS 5 has no host name of more than ${MAX_LENGTH} bytes`)
  return [DOMAIN_NAME, host.length, ...asciiOf(host)]
}

/**
 * Asks a proxy for a tunnel by SOCKS 4, with the extension 4A where `host` is a name.
 *
 * @see https://www.openssh.com/txt/socks4.protocol
 * @see https://www.openssh.com/txt/socks4a.protocol
 * @param host an IPv4 address, or a name, which the proxy resolves
 * @throws (rejects with) ConnectionError if the proxy refuses, or does not speak SOCKS 4; else the pipe's error
 */
export async function askSocks4(
  proxy: ProxyPipe,
  host: string,
  port: number,
  user: Uint8Array = new Uint8Array(0),
): Promise<void> {
  const address = parseAddress(host)
  if (address?.length === 16) throw ill('SOCKS 4 has no IPv6 addresses')
  // A byte of zero ends the user id.
  if (user.includes(0)) throw ill('SOCKS 4 has no user id with a byte of zero')
  // SOCKS 4A: an address 0.0.0.x, where x is not zero, says that a name follows.
  const name = address === undefined ? [...asciiOf(host), 0] : []
  send(proxy, [VERSION_4, CONNECT, port >> 8, port & 0xff, ...(address ?? [0, 0, 0, 1]), ...user, 0, ...name])
  // The reply: version 0, a code, and six bytes that mean nothing here.
  const [version, code] = await proxy.take(8)
  if (version !== 0) throw ill('it does not speak SOCKS 4')
  if (code !== GRANTED) throw refused(code === 93 || code === 92 ? 'it does not accept the user id' : `code ${code}`)
}

const VERSION_5 = 5
const VERSION_4 = 4
const SUBNEGOTIATION_VERSION = 1
const NO_AUTHENTICATION = 0x00
const USER_NAME_PASSWORD = 0x02
const NONE_ACCEPTABLE = 0xff
const CONNECT = 1
const IPV4 = 1
const DOMAIN_NAME = 3
const IPV6 = 4
/** The code of SOCKS 4 for a request that is granted. */
const GRANTED = 90

/** RFC 1928 section 6: what the codes of a reply mean, from 1 on. */
const REPLIES = [
  'it failed',
  'its rules do not allow it',
  'it cannot reach the network',
  'it cannot reach the server',
  'the server refuses the connection',
  'the time to live is over',
  'it does not know CONNECT',
  'it does not know this type of address',
]

function send(proxy: ProxyPipe, bytes: readonly number[]): void {
  proxy.write(Uint8Array.from(bytes), false)
}

/** The bytes of a host name. A URL has it in ASCII. */
function asciiOf(name: string): number[] {
  return Array.from(name, character => character.charCodeAt(0))
}

function refused(reason: string): ConnectionError {
  return new ConnectionError('WS_ERR_PROXY_REFUSED', `The SOCKS proxy refused the connection: ${reason}`, {
    step: 'proxy',
  })
}

function ill(reason: string): ConnectionError {
  return new ConnectionError('WS_ERR_PROXY', `The SOCKS proxy cannot be used: ${reason}`, { step: 'proxy' })
}
