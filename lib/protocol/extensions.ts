import type { HeaderList } from '../transport/pipe.ts'
import { getAll, isToken, trimWhitespace } from './header-values.ts'

/** The permessage-deflate parameters that a client may offer (RFC 7692 section 7.1). */
export interface DeflateOffer {
  /** Ask the server to compress each message by itself. */
  readonly serverNoContextTakeover: boolean
  /** Say that we shall compress each message by itself. */
  readonly clientNoContextTakeover: boolean
  /** The largest window the server may compress with, 8 to 15; undefined to leave it free. */
  readonly serverMaxWindowBits: number | undefined
  /** Whether the server may limit our window, and to what we limit it ourselves, 8 to 15. */
  readonly clientMaxWindowBits: boolean | number
}

/** What both sides agreed on. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** One member of Sec-WebSocket-Extensions; a parameter without a value has undefined. */
interface Extension {
  readonly name: string
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | undefined]>
}

const PERMESSAGE_DEFLATE = 'permessage-deflate'
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
 * Holds the server's Sec-WebSocket-Extensions against the offer (RFC 6455 section 9.1, RFC 7692 section 7.1).
 *
 * @param offer undefined if no extension was offered
 * @returns the parameters, undefined if no extension is in use, or what is wrong as a string
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
    if (!isValid(name, value))
      return `permessage-deflate has no parameter "${name}${value === undefined ? '' : `=${value}`}"`
  }

  const serverNoContextTakeover = given.has('server_no_context_takeover')
  const serverBits = bits(given.get('server_max_window_bits'))
  const clientBits = bits(given.get('client_max_window_bits'))
  const offeredClientBits = offer.clientMaxWindowBits === true ? MAX_WINDOW_BITS : offer.clientMaxWindowBits

  // RFC 7692 sections 7.1.1.1 and 7.1.2.1: who accepts an offer with these parameters repeats them.
  if (offer.serverNoContextTakeover && !serverNoContextTakeover) return 'it does not give up server context takeover'
  if (
    offer.serverMaxWindowBits !== undefined &&
    !(serverBits !== undefined && serverBits <= offer.serverMaxWindowBits)
  ) {
    return 'it does not keep to server_max_window_bits'
  }
  // RFC 7692 section 7.1.2.2
  if (clientBits !== undefined && (offeredClientBits === false || clientBits > offeredClientBits)) {
    return 'its client_max_window_bits was not offered'
  }
  return {
    serverNoContextTakeover,
    clientNoContextTakeover: offer.clientNoContextTakeover || given.has('client_no_context_takeover'),
    serverMaxWindowBits: serverBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: clientBits ?? (offeredClientBits === false ? MAX_WINDOW_BITS : offeredClientBits),
  }
}

/** In a response each parameter has a value or none, and window sizes are 8 to 15 without leading zeros. */
function isValid(name: string, value: string | undefined): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined
    case 'server_max_window_bits':
    case 'client_max_window_bits':
      return value !== undefined && /^(?:[89]|1[0-5])$/.test(value)
    default:
      return false
  }
}

function bits(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

/**
 * The grammar of RFC 6455 section 9.1, with quoted values, whose content must be a token as well. Empty members are
 * left out, as in any list.
 *
 * @returns undefined if the text is not of that grammar
 */
function parseExtensions(text: string): Extension[] | undefined {
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

/** Splits at a separator that stands in no quoted string (RFC 9110 section 5.6.4), and trims the parts. */
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

/** The content of a quoted string; an unfinished one stays as it is, and is no token. */
function unquote(value: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
}
