import { Buffer } from 'node:buffer'
import { configured, type WebSocketOptions } from '#lib/entry/node.js'
import { readKeyPair, readPem } from './pem-files.ts'
import { closest } from './text.ts'
import { UsageError } from './usage-error.ts'

/** How to connect, as it is given on the command line. */
export interface ConnectionFlags {
  readonly header?: readonly (readonly [name: string, value: string])[]
  readonly protocol?: readonly string[]
  readonly origin?: string
  readonly user?: string
  readonly proxy?: string
  readonly cacert?: string
  readonly cert?: string
  readonly key?: string
  readonly insecure?: boolean
  readonly http2?: boolean
  /** False for off. */
  readonly compress?: number | false
  /** Milliseconds, as all times. */
  readonly ping?: number
  readonly timeout?: number
  readonly unix?: string
  readonly cookieJar?: string
  /** Bytes. */
  readonly maxPayload?: number
}

/** @throws (rejects with) UsageError */
export async function connectionOptions(flags: ConnectionFlags): Promise<WebSocketOptions> {
  const headers = [...(flags.header ?? [])]
  if (flags.user !== undefined) headers.push(['Authorization', basicAuthorization(flags.user)])
  return {
    headers,
    protocols: flags.protocol ?? [],
    ...(flags.origin === undefined ? {} : { origin: flags.origin }),
    tls: {
      ...(flags.insecure === true ? { rejectUnauthorized: false } : {}),
      ...(flags.cacert === undefined ? {} : { ca: readPem('--cacert', flags.cacert) }),
      ...readKeyPair(flags.cert, flags.key),
    },
    ...(flags.compress === undefined
      ? {}
      : { perMessageDeflate: flags.compress === false ? false : { level: flags.compress } }),
    ...(flags.ping === undefined ? {} : { heartbeat: { interval: flags.ping } }),
    ...(flags.timeout === undefined ? {} : { handshakeTimeout: flags.timeout }),
    ...(flags.maxPayload === undefined ? {} : { maxPayload: flags.maxPayload }),
    ...(await waysToServer(flags)),
  }
}

/** @throws (rejects with) UsageError that names the option on the command line */
async function waysToServer({ proxy, http2, unix, cookieJar }: ConnectionFlags): Promise<object> {
  const options: Record<string, unknown> = {}
  const add = (flag: string, name: string, value: unknown, advice?: string): void => {
    try {
      // Checks the option as the constructor will.
      configured({ [name]: value } as WebSocketOptions)
    } catch (error) {
      throw new UsageError(`${flag}: ${(error as Error).message}`, advice)
    }
    options[name] = value
  }
  if (proxy !== undefined) add('--proxy', 'proxy', proxy, 'Type -x http://HOST:PORT; to send a text, --send TEXT')
  if (http2 === true) add('--http2', 'http2', 'only')
  if (unix !== undefined) add('--unix', 'socketPath', unix)
  // Loaded for this option alone, since it takes long.
  if (cookieJar !== undefined) {
    const { openCookieFile } = await import('./cookie-file.ts')
    add('--cookie-jar', 'cookieJar', openCookieFile(cookieJar))
  }
  return options
}

function basicAuthorization(user: string): string {
  if (!user.includes(':')) throw new UsageError('--user has no password', "Write it as 'name:password'.")
  return `Basic ${Buffer.from(user).toString('base64')}`
}

/** What to type where a URL is missing, or cannot be guessed from what was typed. */
export const URL_ADVICE = 'A URL is written ws://host:port/path. To be a server, type: whatwg-websocket listen PORT'

const SCHEMES = ['ws:', 'wss:', 'http:', 'https:']

/**
 * Checks a URL as it was typed.
 *
 * @param commands names that may have been meant
 * @throws UsageError that says what to type instead
 */
export function checkUrl(text: string, commands: readonly string[] = []): string {
  const url = parse(text)
  if (url !== undefined && SCHEMES.includes(url.protocol)) return text
  const meant = closest(text, commands)
  if (meant !== undefined) throw new UsageError(`There is no command "${text}"`, `Did you mean "${meant}"?`)
  const unmarked = /^(wss?|https?):?\/+(.+)/i.exec(text)
  if (unmarked !== null && !text.includes('://')) {
    throw new UsageError(`"${text}" is not a valid URL`, `Did you mean ${unmarked[1]}://${unmarked[2]}?`)
  }
  const local = /^:?(\d{1,5})(?:[/?].*)?$/.exec(text)
  if (local !== null && parse(`ws://localhost:${text.replace(/^:/, '')}`) !== undefined) {
    const server = `to be a server: whatwg-websocket listen ${local[1]}`
    throw new UsageError(`"${text}" has no host`, `Type ws://localhost:${text.replace(/^:/, '')} or, ${server}`)
  }
  // Without a scheme, "localhost:8080" is a URL whose scheme is "localhost:".
  const looksLikeHost = /^\w[\w.-]*(:\d+)?([/?].*)?$/.test(text) || /^\[[\da-f:.]+\](:\d+)?([/?].*)?$/i.test(text)
  if (looksLikeHost && parse(`ws://${text}`) !== undefined) {
    throw new UsageError(`"${text}" has no scheme`, `Type ws://${text} or wss://${text}`)
  }
  const port = /^\w+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(text)?.[1]
  if (url === undefined && Number(port) > 65_535) {
    throw new UsageError(`"${text}" is not a valid URL`, `A port is a number up to 65535, not ${port}`)
  }
  if (url === undefined) throw new UsageError(`"${text}" is not a valid URL`, URL_ADVICE)
  const told = `The scheme of a URL is ws: or wss: (or http: or https:), not ${url.protocol}`
  const rest = /^[\w+.-]+(:\/\/.+)/s.exec(text)?.[1]
  throw new UsageError(told, rest === undefined ? URL_ADVICE : `Did you mean wss${rest}?`)
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
