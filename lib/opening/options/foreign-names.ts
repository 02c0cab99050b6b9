import { TLS_MEMBERS } from '../../transport/tls-options.ts'

/** An option of ws that this package does not have. */
interface ForeignOption {
  /** Advice for the error message: what to use in its place. */
  readonly advice: string
  /** Whether a value asks for nothing else than what happens anyway. Default: false and the like do. */
  readonly asksForNothing?: (value: unknown) => boolean
}

const OPEN_IT_YOURSELF = 'give "connect" a function that opens the connection'
const IN_THE_URL = { advice: 'put it into the URL' }
const NO_REDIRECTS = 'handshake(socket) tells where a redirect leads'
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const foreignOptions: Readonly<Record<string, ForeignOption>> = {
  allowSynchronousEvents: { advice: 'each event is a task of its own', asksForNothing: isBoolean },
  auth: { advice: 'put it into the URL, or an Authorization header' },
  autoPong: { advice: 'pings are always answered', asksForNothing: value => value === true },
  createConnection: { advice: OPEN_IT_YOURSELF },
  finishRequest: { advice: 'put fields into "headers"' },
  followRedirects: { advice: NO_REDIRECTS },
  generateMask: { advice: 'masking keys come from the generator of the system' },
  host: IN_THE_URL,
  hostname: IN_THE_URL,
  maxBufferedChunks: { advice: 'what waits is bounded', asksForNothing: isNumber },
  maxPendingAutoPongs: { advice: 'one pong waits at most', asksForNothing: isNumber },
  maxRedirects: { advice: NO_REDIRECTS, asksForNothing: isNumber },
  path: IN_THE_URL,
  port: IN_THE_URL,
  protocolVersion: { advice: 'it is 13 (RFC 6455)', asksForNothing: value => value === 13 },
  skipUTF8Validation: { advice: 'text is always checked' },
  timeout: { advice: 'use "handshakeTimeout"' },
}

/** Advice for an option that does not exist, as `: advice`; the empty string if there is none. */
export function adviceFor(name: string): string {
  if (Object.hasOwn(TLS_MEMBERS, name)) return `: it is a member of "tls", as in { tls: { ${name} } }`
  return Object.hasOwn(foreignOptions, name) ? `: ${foreignOptions[name]!.advice}` : ''
}

/** Whether `name` is such an option and `value` asks for nothing else than what happens anyway. */
export function asksForNothing(name: string, value: unknown): boolean {
  if (!Object.hasOwn(foreignOptions, name)) return false
  return value === undefined || value === null || (foreignOptions[name]!.asksForNothing ?? isFalse)(value)
}

function isFalse(value: unknown): boolean {
  return !value
}
