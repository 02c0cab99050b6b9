import type { Platform } from '../codec/platform.ts'
import { randomPool } from '../codec/random-pool.ts'
import type { HeaderList, HttpVersion, ResponseHead } from '../transport/pipe.ts'
import { ConnectionError, type FailureCode } from './errors.ts'
import { acceptExtensions, type DeflateOffer, type DeflateParameters, writeOffer } from './extensions.ts'
import { encodeLatin1, getAll, listMembers } from './header-values.ts'

/** The GUID of RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The parts of the client's request for the opening handshake. */
export interface HandshakeInput {
  /** Over HTTP/2 the request is an extended CONNECT (RFC 8441), whose fields differ. Default: 1.1. */
  readonly http?: HttpVersion
  /** The value of the Host field. */
  readonly host: string
  readonly protocols: readonly string[]
  readonly origin: string | undefined
  /** The caller's own fields, already checked. A Host or an Origin among them replaces ours. */
  readonly headers: HeaderList
  /** Undefined to offer no extension. */
  readonly deflate: DeflateOffer | undefined
}

/** A handshake that was begun: the fields to send, and what the server's response is checked against. */
export interface Handshake {
  readonly headers: HeaderList
  readonly protocols: readonly string[]
  readonly deflate: DeflateOffer | undefined
  /** The value of Sec-WebSocket-Key. Undefined over HTTP/2, where there is none (RFC 8441 section 5). */
  readonly key: string | undefined
}

/** The outcome of a successful opening handshake. */
export interface Agreement {
  /** The subprotocol in use, or the empty string. */
  readonly protocol: string
  /** The extensions in use, or the empty string. */
  readonly extensions: string
  /** The parameters of permessage-deflate. Undefined if it is not in use. */
  readonly deflate: DeflateParameters | undefined
}

/**
 * Makes the client's side of the opening handshake.
 *
 * @see https://websockets.spec.whatwg.org/#websocket-opening-handshake
 */
export function createHandshake(platform: Platform, input: HandshakeInput): Handshake {
  const key = input.http === '2' ? undefined : platform.base64(randomPool.take(platform, 16))
  const { protocols, origin, deflate } = input
  const headers: HeaderList[number][] = []
  if (getAll(input.headers, 'host').length === 0) headers.push(['Host', input.host])
  if (key !== undefined) {
    headers.push(['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Key', key])
  }
  headers.push(['Sec-WebSocket-Version', '13'])
  // Some servers split the list at ", ", so the space is needed.
  if (protocols.length > 0) headers.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (deflate !== undefined) headers.push(['Sec-WebSocket-Extensions', writeOffer(deflate)])
  if (origin !== undefined && getAll(input.headers, 'origin').length === 0) headers.push(['Origin', origin])
  return { headers: headers.concat(input.headers), protocols, deflate, key }
}

/**
 * Checks the server's response with status 101 (RFC 6455 section 4.1, steps 2 to 6 of what the client validates), or over
 * HTTP/2 with status 200: there steps 2 to 4 do not apply (RFC 8441 section 5).
 *
 * @see https://websockets.spec.whatwg.org/#websocket-opening-handshake
 */
export function validateResponse(
  platform: Platform,
  handshake: Handshake,
  { headers }: ResponseHead,
): Agreement | ConnectionError {
  if (handshake.key !== undefined) {
    const problem = checkUpgrade(platform, handshake.key, headers)
    if (problem !== undefined) return problem
  }
  // 5. Sec-WebSocket-Extensions
  const deflate = acceptExtensions(headers, handshake.deflate)
  if (typeof deflate === 'string') return refuse('WS_ERR_INVALID_EXTENSIONS', deflate)
  // 6. Sec-WebSocket-Protocol
  const protocols = getAll(headers, 'sec-websocket-protocol')
  const problem = checkSubprotocol(protocols, handshake.protocols)
  if (problem !== undefined) return refuse('WS_ERR_INVALID_SUBPROTOCOL', problem)
  const extensions = deflate === undefined ? '' : getAll(headers, 'sec-websocket-extensions').join(', ')
  return { protocol: copyOf(protocols.join()), extensions: copyOf(extensions), deflate }
}

/** Checks that HTTP/1.1 has switched the protocol: steps 2 to 4. Returns a description of the error, or undefined. */
function checkUpgrade(platform: Platform, key: string, headers: HeaderList): ConnectionError | undefined {
  // 2. Upgrade
  const upgrade = getAll(headers, 'upgrade')
  if (upgrade.length !== 1 || upgrade[0]!.toLowerCase() !== 'websocket') {
    return refuse('WS_ERR_INVALID_UPGRADE', 'its Upgrade field is not "websocket"')
  }
  // 3. Connection
  if (!listMembers(headers, 'connection').some(member => member.toLowerCase() === 'upgrade')) {
    return refuse('WS_ERR_INVALID_CONNECTION', 'its Connection field does not say "Upgrade"')
  }
  // 4. Sec-WebSocket-Accept
  const accept = getAll(headers, 'sec-websocket-accept')
  if (accept.length !== 1 || accept[0] !== expectedAccept(platform, key)) {
    return refuse('WS_ERR_INVALID_ACCEPT', 'its Sec-WebSocket-Accept field does not match the key')
  }
  return undefined
}

/** The value of Sec-WebSocket-Accept that answers a key (RFC 6455 section 4.2.2, step 5.4). */
function expectedAccept(platform: Platform, key: string): string {
  return platform.base64(platform.sha1(encodeLatin1(key + GUID)))
}

/**
 * Checks the subprotocols that the server's response names. It must choose one if any were offered: a rule of the WHATWG
 * standard, not of RFC 6455.
 *
 * @returns a description of the error in the choice, or undefined
 */
function checkSubprotocol(chosen: readonly string[], offered: readonly string[]): string | undefined {
  if (chosen.length > 1) return 'it names more than one subprotocol'
  if (chosen.length === 1 && !offered.includes(chosen[0]!)) return 'it names a subprotocol that was not offered'
  if (chosen.length === 0 && offered.length > 0) return 'it names no subprotocol'
  return undefined
}

function refuse(code: FailureCode, detail: string): ConnectionError {
  return new ConnectionError(code, `The server's handshake is not valid: ${detail}`)
}

/** The same text in memory of its own: a part of a string keeps all of it, here the head of the response (bench: idle). */
function copyOf(text: string): string {
  return [...text].join('')
}
