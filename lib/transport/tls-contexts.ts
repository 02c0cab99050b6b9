import type { ConnectionOptions } from 'node:tls'
import { shielded } from '../host/shielded-options.ts'
import { tls, util } from '../platform/builtins.ts'
import { ExplainedError } from './connect.ts'
import type { TlsOptions } from './tls-options.ts'

/** Most contexts, of different options or defaults, that are kept. */
const MAX_CONTEXTS = 16
/** Most servers of one context whose sessions are kept. */
const MAX_SERVERS = 100
/** Most sessions of one server that are kept, for connections that open at the same time. Servers give one to two each. */
const MAX_SESSIONS = 4

/**
 * The TLS context and sessions that connections with equal options share, until the defaults of the process change. The types
 * of Node.js are unknown to programs for other hosts, so the declarations do not name them.
 */
export class TlsContext {
  /** Different for each context. */
  readonly id: number
  /** A SecureContext of Node.js. */
  readonly secureContext: object
  readonly #options: TlsOptions
  readonly #defaults: readonly unknown[]
  /** Sessions to resume, newest last, by the host and port of the server. The server used last stands last. */
  readonly #sessions = new Map<string, Uint8Array[]>()

  constructor(id: number, options: TlsOptions, defaults: readonly unknown[]) {
    this.id = id
    this.#options = options
    this.#defaults = defaults
    this.secureContext = options.secureContext ?? makeContext(options)
  }

  isOf(options: TlsOptions, defaults: readonly unknown[]): boolean {
    return defaults.every((value, index) => value === this.#defaults[index]) && sameOptions(options, this.#options)
  }

  /**
   * Whether sessions are resumed. A resumed connection has no certificate to check, so where functions of the caller decide about
   * a connection, they are asked each time. A server that asks for client certificates, and has no session id context (OpenSSL),
   * refuses by an alert the sessions that it gave: squid does.
   */
  get resumes(): boolean {
    const { checkServerIdentity, pskCallback, cert, pfx } = this.#options
    return (checkServerIdentity ?? pskCallback ?? cert ?? pfx) === undefined
  }

  /** Takes the newest session to resume. Connections that open at the same time offer different ones (RFC 8446 appendix C.4). */
  takeSession(server: string): Uint8Array | undefined {
    return this.#sessions.get(server)?.pop()
  }

  /** Keeps a session of a server whose certificate was trusted. */
  keepSession(server: string, session: Uint8Array): void {
    const sessions = this.#sessions.get(server) ?? []
    if (sessions.push(session) > MAX_SESSIONS) sessions.shift()
    this.#sessions.delete(server)
    this.#sessions.set(server, sessions)
    if (this.#sessions.size > MAX_SERVERS) this.#sessions.delete(this.#sessions.keys().next().value!)
  }
}

/**
 * The contexts of the last different options, shared by all connections of the process: to make a secure context costs more
 * than the rest of a TLS handshake. A context has certificates, keys and sessions, but no state of a connection.
 */
class TlsContexts {
  readonly #contexts: TlsContext[] = []
  #made = 0

  /** Returns the context for these options, which must not be changed afterwards. */
  get(options: TlsOptions): TlsContext {
    const defaults = defaultsFor(options)
    const index = this.#contexts.findIndex(context => context.isOf(options, defaults))
    const context = index < 0 ? new TlsContext(this.#made++, options, defaults) : this.#contexts.splice(index, 1)[0]!
    this.#contexts.unshift(context)
    this.#contexts.length = Math.min(this.#contexts.length, MAX_CONTEXTS)
    return context
  }
}

export const tlsContexts: TlsContexts = new TlsContexts()

/** @throws an error whose cause is that of the runtime: a key without its passphrase, a file that cannot be read, or the like */
function makeContext(options: TlsOptions): object {
  try {
    return tls().createSecureContext(shielded(options as ConnectionOptions))
  } catch (error) {
    const { message } = error as Error
    throw new ExplainedError(`A member of the option "tls" cannot be used: ${message.trim()}`, { cause: error })
  }
}

/**
 * The defaults of the process that a context is made with, and that its sessions were trusted by. A program may change them, such
 * as by `tls.setDefaultCACertificates`.
 */
function defaultsFor(options: TlsOptions): unknown[] {
  // The list is the same object until it changes. Read only where it counts, since the first call takes 10 ms.
  const { getCACertificates } = tls() as { getCACertificates?: (type: string) => unknown }
  const usesDefaultCAs = options.ca === undefined && options.secureContext === undefined
  return [usesDefaultCAs && getCACertificates?.('default'), ...DEFAULTS.map(name => tls()[name])]
}

const DEFAULTS = [
  'createSecureContext',
  'checkServerIdentity',
  'DEFAULT_MIN_VERSION',
  'DEFAULT_MAX_VERSION',
  'DEFAULT_CIPHERS',
  'DEFAULT_ECDH_CURVE',
] as const

/** Whether two sets of options are equal: data by their contents; functions, and contexts of the caller, by their identity. */
function sameOptions(one: TlsOptions, other: TlsOptions): boolean {
  const { isDeepStrictEqual } = util()
  const names = Object.keys(one) as (keyof TlsOptions)[]
  return (
    names.length === Object.keys(other).length &&
    names.every(name =>
      name === 'secureContext' ? one[name] === other[name] : isDeepStrictEqual(one[name], other[name]),
    )
  )
}
