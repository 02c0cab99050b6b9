import type { Buffer } from 'node:buffer'
import type { ConnectionOptions, PeerCertificate, SecureContext, TLSSocket } from 'node:tls'
import { captureContext } from '../host/async-context.ts'
import { asError, attempt } from '../host/attempt.ts'
import { process } from '../host/node-process.ts'
import { shielded } from '../host/shielded-options.ts'
import { crypto, net, tls } from '../platform/builtins.ts'
import { connectTlsOverTcp } from './deno-tls.ts'
import { type TlsContext, tlsContexts } from './tls-contexts.ts'
import { HTTP_1_1, type TlsOptions } from './tls-options.ts'

/** The options of a TCP connection that matter here. */
export interface TcpOptions {
  readonly host: string
  readonly port: number
  readonly noDelay: boolean
  readonly keepAlive: boolean
  readonly keepAliveInitialDelay: number
  /** A unix socket, in place of host and port. */
  readonly path?: string | undefined
}

/**
 * Opens TLS with Node.js, over a TCP connection that it opens too.
 *
 * @param tcpOptions for `net.connect`
 * @param onTcp called with the socket of TCP when that is connected
 * @param protocols to offer (ALPN), in place of those of the `tls` option
 * @returns a TLSSocket. The type is unknown to programs for other hosts, so the declaration does not name it
 * @throws the error of an option that has a bad value, or that the runtime cannot honour
 */
export function connectTls(
  tcpOptions: TcpOptions,
  given: TlsOptions = NO_OPTIONS,
  onTcp: (tcp: object) => void = () => {},
  protocols?: readonly string[],
): object {
  const { options, keepSessionsOf } = clientOptions(tcpOptions, given, protocols)
  // Deno would check the name "localhost" if it had none, for a stream has no host.
  if (IN_DENO()) return connectTlsOverTcp(tcpOptions, { ...options, host: tcpOptions.host }, onTcp)
  const socket = tls().connect(shielded({ ...tcpOptions, ...options }))
  socket.once('connect', () => {
    // `tls.connect` does not take these options of `net.connect`.
    socket.setNoDelay(tcpOptions.noDelay)
    socket.setKeepAlive(tcpOptions.keepAlive, tcpOptions.keepAliveInitialDelay)
    onTcp(socket)
  })
  keepSessionsOf(socket)
  return socket
}

interface ClientOptions {
  /** For `tls.connect`, besides how the bytes go. */
  readonly options: object
  /** Keeps the sessions of a socket that was made with these options, for later connections. */
  keepSessionsOf(socket: object): void
}

/**
 * The options of `tls.connect` for a connection to a server.
 *
 * @param protocols to offer (ALPN), in place of those of the `tls` option
 * @throws the error of an option that has a bad value, or that the runtime cannot honour
 */
export function clientOptions(
  { host, port, path }: ServerName,
  given: TlsOptions = NO_OPTIONS,
  protocols?: readonly string[],
): ClientOptions {
  refuseUnsupported(given)
  const context = tlsContexts.get(given)
  const server = `${host} ${path ?? port}`
  const session = context.resumes ? context.takeSession(server) : undefined
  // RFC 6066 section 3: the name is sent without a trailing dot, and an address is not sent.
  const name = (given.servername || host).replace(/\.$/, '')
  // Deno calls the function in no context.
  const caller = given.checkServerIdentity && captureContext()
  const { ALPNProtocols = [HTTP_1_1], rejectUnauthorized, minDHSize, enableTrace, pskCallback } = given
  const offered = protocols ?? (ALPNProtocols as readonly string[])
  const options: ConnectionOptions = {
    servername: net().isIP(name) === 0 && given.servername !== '' ? name : '',
    checkServerIdentity: (_name, certificate) =>
      caller
        ? caller.runInAsyncScope(checkIdentity, undefined, name, certificate, given)
        : checkIdentity(name, certificate, given),
    secureContext: context.secureContext as SecureContext,
    ...(offered.length > 0 && { ALPNProtocols: [...offered] }),
    ...(session !== undefined && { session: session as Buffer }),
    // Where it is not given, the environment counts: NODE_TLS_REJECT_UNAUTHORIZED.
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(minDHSize !== undefined && { minDHSize }),
    ...(enableTrace !== undefined && { enableTrace }),
    ...(pskCallback !== undefined && { pskCallback: pskCallback as NonNullable<ConnectionOptions['pskCallback']> }),
  }
  const keepSessionsOf = (socket: object): void => {
    if (context.resumes) keepSessions(socket as TLSSocket, context, server, session)
  }
  return { options, keepSessionsOf }
}

type ServerName = Pick<TcpOptions, 'host' | 'port' | 'path'>

const NO_OPTIONS: TlsOptions = Object.create(null)
const IN_DENO = (): boolean => 'Deno' in globalThis

/** A socket's context, for the listener below: a property costs less than a closure for each socket (bench: idle). */
const CONTEXT = Symbol('TLS context')
const SERVER = Symbol('server')
type ResumableSocket = TLSSocket & { [CONTEXT]?: TlsContext; [SERVER]?: string }

/**
 * Keeps the sessions of a connection for later ones. In TLS 1.3 they arrive after the handshake. Only trusted sessions are kept:
 * a session that is resumed is not checked again.
 */
function keepSessions(
  socket: ResumableSocket,
  context: TlsContext,
  server: string,
  session: Uint8Array | undefined,
): void {
  socket[CONTEXT] = context
  socket[SERVER] = server
  socket.on('session', onSession)
  if (session === undefined) return
  socket.once('secureConnect', () => {
    // A session that was resumed is kept for the next connection, as OpenSSL gives no new one. One that failed is not.
    if (socket.isSessionReused()) onSession.call(socket, session)
  })
}

function onSession(this: ResumableSocket, session: Uint8Array): void {
  if (this.authorized) this[CONTEXT]!.keepSession(this[SERVER]!, session)
}

/** Whether the certificate is for `name`: undefined, or an error. What the caller's function throws counts as returned. */
function checkIdentity(
  name: string,
  certificate: PeerCertificate,
  { checkServerIdentity }: TlsOptions,
): Error | undefined {
  try {
    const answer: unknown = (checkServerIdentity ?? checkByHost)(name, certificate)
    // Node.js reads `code` of the answer later, where an exception would end the process. So it is read here first.
    const { then, code: _code } = Object(answer) as { then?: unknown; code?: unknown }
    const isPromise = typeof then === 'function'
    // A promise refuses the server. Its rejection is handled here.
    attempt(() => answer)
    return isPromise
      ? new TypeError('The option "tls.checkServerIdentity" must not return a promise')
      : (answer as Error)
  } catch (error) {
    return asError(error)
  }
}

/** The check of the host. That of Node.js 22.23 refuses each certificate for an IPv6 address, so OpenSSL is asked then. */
function checkByHost(name: string, certificate: PeerCertificate): Error | undefined {
  const error = tls().checkServerIdentity(name, certificate)
  if (error === undefined || net().isIP(name) !== 6 || certificate.raw === undefined) return error
  const { X509Certificate } = crypto()
  return new X509Certificate(certificate.raw).checkIP(name) === undefined ? error : undefined
}

/**
 * Refuses options that would silently have no effect, where the connection would be less secure than it was asked to be.
 *
 * @throws TypeError that names the option
 */
function refuseUnsupported(given: TlsOptions): void {
  const [runtime, names] = IN_DENO()
    ? ['Deno', UNSUPPORTED_IN_DENO]
    : process.versions.bun
      ? ['Bun', UNSUPPORTED_IN_BUN]
      : []
  const name = names?.find(member => given[member] !== undefined && given[member] !== 'DEFAULT')
  if (name !== undefined) throw new TypeError(`The option "tls.${name}" is not supported: ${runtime} ignores it`)
}

const UNSUPPORTED_IN_DENO: readonly (keyof TlsOptions)[] = [
  'ciphers',
  'crl',
  'ecdhCurve',
  'pskCallback',
  'secureOptions',
  'sigalgs',
]
const UNSUPPORTED_IN_BUN: readonly (keyof TlsOptions)[] = ['pskCallback']
