import type { HeaderList } from '../transport/pipe.ts'
import { getAll, isToken, trimWhitespace } from './header-values.ts'

/** The permessage-deflate parameters that a client may offer (RFC 7692 section 7.1). */
export interface DeflateOffer {
  /** Asks the server to compress each message by itself. */
  readonly serverNoContextTakeover: boolean
  /** Announces that we compress each message by itself. */
  readonly clientNoContextTakeover: boolean
  /** The largest window that the server may compress with, 8 to 15; undefined for no limit. */
  readonly serverMaxWindowBits: number | undefined
  /** Whether the server may limit our window; as a number, 8 to 15, also the limit that we set ourselves. */
  readonly clientMaxWindowBits: boolean | number
}

/** The permessage-deflate parameters that both sides agreed on. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** One extension in a Sec-WebSocket-Extensions field. The value of a parameter without one is undefined. */
interface Extension {
  readonly name: string
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | undefined]>
}

export const PERMESSAGE_DEFLATE = 'permessage-deflate'
const MAX_WINDOW_BITS = 15

/** The value of Sec-WebSocket-Extensions that offers permessage-deflate. */
export function writeOffer(offer: DeflateOffer): string {
  let text = PERMESSAGE_DEFLATE
  if (offer.serverNoContextTakeover) text += '; server_no_context_takeover'
  if (offer.clientNoContextTakeover) text += '; client_no_context_takeover'
  if (offer.serverMaxWindowBits !== undefined) text += `; server_max_window_bits=${offer.serverMaxWindowBits}`
  if (offer.clientMaxWindowBits === true) text += '; client_max_window_bits'
  else if (offer.clientMaxWindowBits !== false) text += `; client_max_window_bits=${offer.clientMaxWindowBits}`
  return text
}

/**
 * Checks the server's Sec-WebSocket-Extensions against the offer (RFC 6455 section 9.1, RFC 7692 section 7.1).
 *
 * @param offer undefined if no extension was offered
 * @returns the parameters; undefined if no extension is in use; a string that describes the error
 */
export function acceptExtensions(
  headers: HeaderList,
  offer: DeflateOffer | undefined,
): DeflateParameters | undefined | string {
  const extensions = parseExtensions(getAll(headers, 'sec-websocket-extensions').join(','))
  if (extensions === undefined) return 'its Sec-WebSocket-Extensions field is ill-formed'
  if (extensions.length === 0) return undefined
  const [extension] = extensions
  if (offer === undefined || extension!.name !== PERMESSAGE_DEFLATE) return 'it uses an extension that was not offered'
  if (extensions.length > 1) return 'it uses an extension twice'
  return acceptDeflate(extension!.parameters, offer)
}

function acceptDeflate(parameters: Extension['parameters'], offer: DeflateOffer): DeflateParameters | string {
  const given = new Map(parameters)
  if (given.size < parameters.length) return 'it repeats a parameter of permessage-deflate'
  for (const [name, value] of parameters) {
    const parameter = value === undefined ? name : `${name}=${value}`
    if (!RESPONSE_PARAMETER.test(parameter)) return `permessage-deflate has no parameter "${parameter}"`
  }

  const serverNoContextTakeover = given.has('server_no_context_takeover')
  const serverMaxWindowBits = Number(given.get('server_max_window_bits') ?? MAX_WINDOW_BITS)
  const clientLimit = typeof offer.clientMaxWindowBits === 'number' ? offer.clientMaxWindowBits : MAX_WINDOW_BITS
  const clientMaxWindowBits = Number(given.get('client_max_window_bits') ?? clientLimit)

  // RFC 7692 sections 7.1.1.1 and 7.1.2.1: a server that accepts an offer with these parameters includes them.
  if (offer.serverNoContextTakeover && !serverNoContextTakeover) return 'it does not accept server_no_context_takeover'
  if (
    offer.serverMaxWindowBits !== undefined &&
    (!given.has('server_max_window_bits') || serverMaxWindowBits > offer.serverMaxWindowBits)
  ) {
    return 'it does not accept server_max_window_bits'
  }
  // RFC 7692 section 7.1.2.2: a server includes this parameter only if the offer has it, and does not exceed its value.
  if (
    clientMaxWindowBits > clientLimit ||
    (offer.clientMaxWindowBits === false && given.has('client_max_window_bits'))
  ) {
    return 'its client_max_window_bits exceeds what was offered'
  }
  return {
    serverNoContextTakeover,
    clientNoContextTakeover: offer.clientNoContextTakeover || given.has('client_no_context_takeover'),
    serverMaxWindowBits,
    clientMaxWindowBits,
  }
}

/** The parameters that a response may have. Window sizes are 8 to 15, without leading zeros. */
const RESPONSE_PARAMETER =
  /^(?:(?:server|client)_no_context_takeover|(?:server|client)_max_window_bits=(?:[89]|1[0-5]))$/

/**
 * Parses the grammar of RFC 6455 section 9.1. A value may be quoted, but must be a token also then. Empty list members are
 * skipped, as in any list.
 *
 * @returns undefined if the text is ill-formed
 */
export function parseExtensions(text: string): Extension[] | undefined {
  const extensions: Extension[] = []
  for (const member of splitOutsideQuotes(text, ',')) {
    if (member === '') continue
    const [name, ...rest] = splitOutsideQuotes(member, ';')
    if (!isToken(name!)) return undefined
    const parameters: [string, string | undefined][] = []
    for (const parameter of rest) {
      const equals = parameter.indexOf('=')
      const key = equals < 0 ? parameter : trimWhitespace(parameter.slice(0, equals))
      const value = equals < 0 ? undefined : unquote(trimWhitespace(parameter.slice(equals + 1)))
      if (!isToken(key) || (value !== undefined && !isToken(value))) return undefined
      parameters.push([key, value])
    }
    extensions.push({ name: name!, parameters })
  }
  return extensions
}

/** Splits at each separator outside of quoted strings (RFC 9110 section 5.6.4), and trims the parts. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') index++
    else if (!quoted && character === separator) {
      parts.push(trimWhitespace(text.slice(start, index)))
      start = index + 1
    }
  }
  parts.push(trimWhitespace(text.slice(start)))
  return parts
}

/** The content of a quoted string. One without its closing quote is returned as it is, which is no token. */
function unquote(value: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
