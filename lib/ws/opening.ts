import type { Buffer } from 'node:buffer'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Socket, TcpSocketConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { asError, attempt } from '../host/attempt.ts'
import { host } from '../host/host.ts'
import { getBuiltinModule } from '../host/node-process.ts'
import { shielded } from '../host/shielded-options.ts'
import { Deadline } from '../host/timers.ts'
import type { Opening, OpeningHandshakeHandler, Trace } from '../opening/opening-handshake.ts'
import { ownMembers } from '../opening/options/reading.ts'
import type { Settings } from '../opening/options.ts'
import type { ConnectionError } from '../protocol/errors.ts'
import { PERMESSAGE_DEFLATE, parseExtensions } from '../protocol/extensions.ts'
import { createHandshake, type Handshake, validateResponse } from '../protocol/handshake.ts'
import { getAll } from '../protocol/header-values.ts'
import { withPromises } from '../transport/agent.ts'
import { isNodeStream } from '../transport/node-stream.ts'
import { traceTls } from '../transport/open-socket.ts'
import type { HeaderList, ResponseHead } from '../transport/pipe.ts'
import { pipeOverUpgraded } from '../transport/upgraded-socket.ts'
import { type Address, parseAddress } from './address.ts'
import { openingError } from './errors.ts'
import type { ClientOptions } from './options.ts'

/** The header fields of the opening handshake, in the order of ws: there are servers that know clients by it. */
const FIELDS = [
  ...['Sec-WebSocket-Version', 'Sec-WebSocket-Key', 'Connection', 'Upgrade'],
  ...['Sec-WebSocket-Extensions', 'Sec-WebSocket-Protocol'],
]

/** The WebSocket object, as the state behind it uses it. */
export interface Owner {
  emit(event: string, ...values: unknown[]): boolean
  listenerCount(event: string): number
}

/**
 * The opening handshake of ws: a request of `node:http` or `node:https`, so that agents, `createConnection`, `finishRequest` and the
 * events "upgrade", "unexpected-response" and "redirect" have what they have with ws. The response is checked by this package.
 */
export class HttpOpening implements Opening {
  /** The request under way, for programs that use this undocumented member of ws. */
  request: ClientRequest | undefined
  /** The stream of the connection, once it was upgraded. */
  stream: Duplex | undefined
  /** Where the request goes: the first address, or where the last redirect has led. */
  address: Address

  readonly #owner: Owner
  readonly #first: Address
  readonly #protocols: readonly string[]
  readonly #options: ClientOptions
  readonly #settings: Settings
  readonly #handler: OpeningHandshakeHandler
  #redirects = 0
  /** Whether there is an outcome. Set once, before the handler is called. */
  #over = false
  #deadline: Deadline | undefined

  constructor(
    owner: Owner,
    address: Address,
    protocols: readonly string[],
    options: ClientOptions,
    settings: Settings,
    handler: OpeningHandshakeHandler,
  ) {
    this.#owner = owner
    this.#first = address
    this.address = address
    this.#protocols = protocols
    this.#options = options
    this.#settings = settings
    this.#handler = handler
  }

  start(): void {
    this.#send(this.#first)
  }

  fail(error: ConnectionError): void {
    if (this.#over) return
    this.#finish()
    this.request?.destroy()
    // A request whose response was read to its end does not destroy its connection, which an agent may have by now.
    this.request?.socket?.destroy()
    this.stream?.destroy()
    this.#handler.context.runInAsyncScope(this.#handler.failed, this.#handler, error)
  }

  keepAlive(wanted: boolean): void {
    this.#deadline?.keepAlive(wanted)
    const socket = this.request?.socket
    if (wanted) socket?.ref()
    else socket?.unref()
  }

  /** Sends the request to an address: the first, or where a redirect leads. */
  #send(address: Address): void {
    const { handshakeTimeout, finishRequest } = this.#options
    this.address = address
    const handshake = createHandshake(host.platform, {
      host: address.host,
      protocols: this.#protocols,
      origin: undefined,
      headers: [],
      deflate: this.#settings.perMessageDeflate,
    })
    const { request: send } = getBuiltinModule(address.secure ? 'node:https' : 'node:http')
    const request = send(shielded(this.#requestOptions(address, handshake)))
    this.request = request
    // Node.js itself takes a time limit from a polluted Object.prototype.
    Object.assign(request, { timeout: undefined })
    request.on('error', error => {
      if (this.request === request) this.fail(openingError('WS_ERR_CONNECT', String(error?.message ?? error), error))
    })
    // Deno emits these in no context, and listeners and functions of the user follow.
    const { context } = this.#handler
    request.on('response', response => {
      context.runInAsyncScope(this.#refused, this, address, request, response)
    })
    request.on('upgrade', (response, stream, head) => {
      // Node.js ends a response by the `signal` that it finds on a polluted Object.prototype. Its error takes a listener.
      response.on('error', () => {})
      context.runInAsyncScope(this.#upgraded, this, handshake, response, stream, head)
    })
    if (this.#redirects > 0) this.#owner.emit('redirect', address.href, request)
    if (handshakeTimeout) this.#startDeadline(handshakeTimeout)
    if (!finishRequest) return void request.end()
    try {
      const finishing: unknown = finishRequest(request, this.#owner)
      attempt(
        () => finishing,
        error => request.destroy(asError(error)),
      )
    } catch (error) {
      // As with ws, the constructor throws this, so the program never gets the socket.
      this.#finish()
      request.destroy()
      throw error
    }
  }

  #requestOptions(address: Address, handshake: Handshake): RequestOptions {
    const { protocol: _, protocols: __, timeout: ___, origin, protocolVersion = 13, ...others } = this.#options as any
    const given = ownMembers(others)
    // A header of the caller has the name that he wrote, and the last of two that differ in case wins.
    const headers = new Map<string, readonly [name: string, value: unknown]>()
    const set = (name: string, value: unknown): unknown => headers.set(name.toLowerCase(), [name, value])
    for (const [name, value] of Object.entries(given.headers ?? {})) if (value !== undefined) set(name, value)
    const fields = new Map<string, unknown>(handshake.headers).set('Sec-WebSocket-Version', protocolVersion)
    for (const name of FIELDS) if (fields.has(name)) set(name, fields.get(name))
    if (origin) set(protocolVersion < 13 ? 'Sec-WebSocket-Origin' : 'Origin', origin)
    let auth = this.#first.auth ?? given.auth ?? address.auth
    if (!this.#keepsCredentials(address)) {
      headers.delete('authorization')
      headers.delete('cookie')
      if (!this.#isSameServer(address)) headers.delete('host')
      auth = undefined
    }
    return {
      ...given,
      method: 'GET',
      protocol: undefined,
      hostname: undefined,
      host: address.hostname,
      port: address.port,
      path: address.path,
      socketPath: address.socketPath,
      defaultPort: given.defaultPort || (address.secure ? 443 : 80),
      agent: given.agent && withPromises(given.agent, error => this.request?.emit('error', error)),
      createConnection: given.createConnection
        ? checkedConnect(given.createConnection)
        : address.secure
          ? connectTls
          : connectTcp,
      lookup: given.lookup && checkedLookup(given.lookup),
      headers: Object.fromEntries(headers.values()),
      auth,
    } as RequestOptions
  }

  /** After a redirect to another server, or from TLS to none, credentials are kept only if a listener decides on redirects. */
  #keepsCredentials(address: Address): boolean {
    if (this.#redirects === 0 || this.#owner.listenerCount('redirect') > 0) return true
    return this.#isSameServer(address) && (address.secure || !this.#first.secure)
  }

  #isSameServer(address: Address): boolean {
    return address.host === this.#first.host && address.socketPath === this.#first.socketPath
  }

  #refused(address: Address, request: ClientRequest, response: IncomingMessage): void {
    const { location } = response.headers
    const status = response.statusCode!
    if (this.#options.followRedirects && location && status >= 300 && status < 400)
      return this.#follow(address, location)
    if (this.#over || this.#owner.emit('unexpected-response', request, response)) return
    this.fail(openingError('WS_ERR_UNEXPECTED_STATUS', `Unexpected server response: ${status}`))
  }

  #follow(from: Address, location: string): void {
    if (++this.#redirects > (this.#options.maxRedirects ?? 10)) {
      return this.fail(openingError('WS_ERR_UNEXPECTED_STATUS', 'Maximum redirects exceeded'))
    }
    const old = this.request
    this.request = undefined
    old?.destroy()
    try {
      this.#send(parseAddress(location, from.href))
    } catch (error) {
      this.fail(openingError('WS_ERR_CONNECT', (error as Error).message, error))
    }
  }

  #upgraded(handshake: Handshake, response: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.stream = stream
    this.#owner.emit('upgrade', response)
    // A listener may have closed the socket.
    if (this.#over) return
    const answer = headOf(response)
    const agreement = validateResponse(host.platform, handshake, answer)
    if ('code' in agreement) {
      // For example an error that arrives once the server has been told.
      stream.on('error', () => {})
      return this.fail(openingError(agreement.code, explain(agreement, handshake, answer), agreement))
    }
    this.#finish()
    this.#handler.established(pipeOverUpgraded(stream, head), agreement, answer, traceOf(stream))
  }

  #startDeadline(limit: number): void {
    this.#deadline?.cancel()
    this.#deadline = new Deadline(limit, () => {
      this.fail(openingError('WS_ERR_HANDSHAKE_TIMEOUT', 'Opening handshake has timed out'))
    })
  }

  #finish(): void {
    this.#over = true
    this.#deadline?.cancel()
  }
}

/** The trace of a connection that an agent has opened, as far as its socket tells. */
function traceOf(stream: Duplex): Trace {
  const trace: Trace = { step: 'handshake', http: '1.1' }
  const { remoteAddress } = stream as Partial<Socket>
  if (remoteAddress !== undefined) trace.remoteAddress = remoteAddress
  if ('getCipher' in stream) traceTls(stream, trace)
  return trace
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): ResponseHead {
  const headers = rawHeaders.flatMap((name, index) => {
    return index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]!] as const] : []
  })
  return { status: statusCode!, statusText: statusMessage ?? '', headers }
}

/** Returns the error message of ws for a response that is not valid. */
function explain(error: ConnectionError, { protocols, deflate }: Handshake, { headers }: ResponseHead): string {
  switch (error.code) {
    case 'WS_ERR_INVALID_UPGRADE':
      return 'Invalid Upgrade header'
    case 'WS_ERR_INVALID_ACCEPT':
      return 'Invalid Sec-WebSocket-Accept header'
    case 'WS_ERR_INVALID_SUBPROTOCOL':
      if (protocols.length === 0) return 'Server sent a subprotocol but none was requested'
      return headers.some(([name]) => name === 'sec-websocket-protocol')
        ? 'Server sent an invalid subprotocol'
        : 'Server sent no subprotocol'
    case 'WS_ERR_INVALID_EXTENSIONS':
      return deflate === undefined
        ? 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'
        : isOtherExtension(headers)
          ? 'Server indicated an extension that was not requested'
          : 'Invalid Sec-WebSocket-Extensions header'
    default:
      return error.message
  }
}

/** Whether a well-formed field names another extension than permessage-deflate. */
function isOtherExtension(headers: HeaderList): boolean {
  const extensions = parseExtensions(getAll(headers, 'sec-websocket-extensions').join(','))
  return extensions?.some(({ name }) => name !== PERMESSAGE_DEFLATE) === true
}

type Call = (...values: any[]) => unknown

/** A `createConnection` of the user's, which may be an async function, or give anything: Node.js then throws from a task. */
function checkedConnect(createConnection: Call): Call {
  return (...values) => {
    try {
      const socket: unknown = createConnection(...values)
      // Without a socket, the function may call back later.
      if (socket === undefined || socket === null || isNodeStream(socket)) return socket
      attempt(() => socket)
    } catch (error) {
      throw asError(error)
    }
    throw new TypeError('The option "createConnection" returned no stream of Node.js')
  }
}

/** A `lookup` of the user's, which may be an async function, and may call back more than once. */
function checkedLookup(lookup: Call): Call {
  return (name, options, callback) => {
    let answer = (...values: unknown[]): void => {
      answer = () => {}
      callback(...values)
    }
    const fail = (error: unknown): void => answer(asError(error))
    const answered = (error: unknown, ...found: unknown[]): void => (error ? fail(error) : answer(null, ...found))
    attempt(() => lookup(name, options, answered), fail)
  }
}

function connectTcp(options: TcpSocketConnectOpts & { socketPath?: string }): Socket {
  const { connect } = getBuiltinModule('node:net')
  return connect(shielded({ ...options, path: options.socketPath }) as TcpSocketConnectOpts)
}

function connectTls({ servername, ...options }: ConnectionOptions): Socket {
  const isName = getBuiltinModule('node:net').isIP(options.host!) === 0
  const connection: ConnectionOptions = {
    ...options,
    ALPNProtocols: options.ALPNProtocols ?? ['http/1.1'],
    // Here `path` is the path of the request; to `tls.connect` it would be a Unix domain socket.
    path: undefined!,
    // RFC 6066 section 3: without a trailing dot.
    servername: (servername ?? (isName ? options.host! : '')).replace(/\.$/, ''),
  }
  // Node.js itself takes a time limit from a polluted Object.prototype.
  return getBuiltinModule('node:tls').connect(shielded(connection)).setTimeout(0)
}
