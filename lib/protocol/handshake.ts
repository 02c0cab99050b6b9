import type { Platform } from '../codec/platform.ts'
import { randomPool } from '../codec/random-pool.ts'
import type { HeaderList, ResponseHead } from '../transport/pipe.ts'
import { ConnectionError, type FailureCode } from './errors.ts'
import { acceptExtensions, type DeflateOffer, type DeflateParameters, writeOffer } from './extensions.ts'
import { getAll, listMembers } from './header-values.ts'

/** The GUID of RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What the client asks for in its opening handshake. */
export interface HandshakeInput {
  /** The value of the Host field. */
  readonly host: string
  readonly protocols: readonly string[]
  readonly origin: string | undefined
  /** The caller's own fields, checked already; a Host or an Origin among them replaces ours. */
  readonly headers: HeaderList
  /** Undefined to offer no extension. */
  readonly deflate: DeflateOffer | undefined
}

/** A handshake under way: the fields to send, and what the answer is held against. */
export interface Handshake {
  readonly headers: HeaderList
  readonly protocols: readonly string[]
  readonly deflate: DeflateOffer | undefined
  readonly key: string
}

/** What the opening handshake has settled. */
export interface Agreement {
  /** The subprotocol in use, or the empty string. */
  readonly protocol: string
  /** The extensions in use, or the empty string. */
  readonly extensions: string
  /** How permessage-deflate is in use, if it is. */
  readonly deflate: DeflateParameters | undefined
}

/**
 * Makes the client's side of the opening handshake.
 *
 * @see https://websockets.spec.whatwg.org/#websocket-opening-handshake
 */
export function createHandshake(platform: Platform, input: HandshakeInput): Handshake {
  const key = platform.base64(randomPool.take(platform, 16))
  const { protocols, origin, deflate } = input
  const headers: [string, string][] = []
  if (getAll(input.headers, 'host').length === 0) headers.push(['Host', input.host])
  headers.push(
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
  )
  // With the space: there are servers that look for the members by ", ".
  if (protocols.length > 0) headers.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (deflate !== undefined) headers.push(['Sec-WebSocket-Extensions', writeOffer(deflate)])
  if (origin !== undefined && getAll(input.headers, 'origin').length === 0) headers.push(['Origin', origin])
  for (const [name, value] of input.headers) headers.push([name, value])
  return { headers, protocols, deflate, key }
}

/**
 * Holds the server's response with status 101 against the handshake (RFC 6455 section 4.1, the checks for the client
 * from "If the response lacks an |Upgrade| header field" on).
 *
 * @see https://websockets.spec.whatwg.org/#websocket-opening-handshake
 */
export function validateResponse(
  platform: Platform,
  handshake: Handshake,
  { headers }: ResponseHead,
): Agreement | ConnectionError {
  const upgrade = getAll(headers, 'upgrade')
  if (upgrade.length !== 1 || upgrade[0]!.toLowerCase() !== 'websocket') {
    return refuse('WS_ERR_INVALID_UPGRADE', 'its Upgrade field is not "websocket"')
  }
  if (!listMembers(headers, 'connection').some(member => member.toLowerCase() === 'upgrade')) {
    return refuse('WS_ERR_INVALID_CONNECTION', 'its Connection field does not say "Upgrade"')
  }
  const accept = getAll(headers, 'sec-websocket-accept')
  if (accept.length !== 1 || accept[0] !== expectedAccept(platform, handshake.key)) {
    return refuse('WS_ERR_INVALID_ACCEPT', 'its Sec-WebSocket-Accept field does not fit the key that was sent')
  }
  const deflate = acceptExtensions(headers, handshake.deflate)
  if (typeof deflate === 'string') return refuse('WS_ERR_INVALID_EXTENSIONS', deflate)
  const protocol = getAll(headers, 'sec-websocket-protocol')
  if (protocol.length > 1) return refuseSubprotocol('it names more than one subprotocol')
  if (protocol.length === 0) {
    if (handshake.protocols.length > 0)
      return refuseSubprotocol('it names none of the subprotocols that were asked for')
  } else if (!handshake.protocols.includes(protocol[0]!)) {
    return refuseSubprotocol('it names a subprotocol that was not asked for')
  }
  const extensions = deflate === undefined ? '' : getAll(headers, 'sec-websocket-extensions').join(', ')
  return { protocol: protocol[0] ?? '', extensions, deflate }
}

/** The value of Sec-WebSocket-Accept that answers a key (RFC 6455 section 4.2.2, step 5.4). */
function expectedAccept(platform: Platform, key: string): string {
  const text = key + GUID
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return platform.base64(platform.sha1(bytes))
}

function refuseSubprotocol(detail: string): ConnectionError {
  return refuse('WS_ERR_INVALID_SUBPROTOCOL', detail)
}

function refuse(code: FailureCode, detail: string): ConnectionError {
  return new ConnectionError(code, `The server's handshake is not valid: ${detail}`)
}
