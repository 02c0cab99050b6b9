import { Buffer } from 'node:buffer'
import { configured, type WebSocketOptions } from '#lib/entry/node.js'
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
      ...(await certificates(flags)),
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

/** @throws (rejects with) UsageError */
async function certificates({ cacert, cert, key }: ConnectionFlags): Promise<NonNullable<WebSocketOptions['tls']>> {
  if (cacert === undefined && cert === undefined && key === undefined) return {}
  // Loaded for these options alone, since node:crypto takes long.
  const { readKeyPair, readPem } = await import('./pem-files.ts')
  return { ...(cacert === undefined ? {} : { ca: readPem('--cacert', cacert) }), ...readKeyPair(cert, key) }
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
