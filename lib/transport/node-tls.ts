import { isIP } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { connectTlsOverTcp } from './deno-tls.ts'
import type { TlsOptions } from './tls-options.ts'

/**
 * Opens TLS with Node.js, over a TCP connection that it opens too.
 *
 * @param options for `net.connect`
 * @returns a TLSSocket. The type is unknown to programs for other hosts, so the declaration does not name it
 */
export function connectTls(options: object, host: string, tls: TlsOptions = NO_OPTIONS): object {
  const tlsOptions: ConnectionOptions = {
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls as ConnectionOptions),
    secureContext: secureContexts.get(tls),
  }
  return 'Deno' in globalThis ? connectTlsOverTcp(options, tlsOptions) : connect({ ...options, ...tlsOptions })
}

const NO_OPTIONS: TlsOptions = {}

/** The secure contexts of the last different options. To make one costs more than the rest of a TLS handshake. */
class SecureContextCache {
  readonly #entries: { readonly options: TlsOptions; readonly context: SecureContext }[] = []

  /** Returns the context for these options, which must not be changed afterwards. */
  get(options: TlsOptions): SecureContext {
    const known = this.#entries.find(entry => sameOptions(entry.options, options))
    if (known !== undefined) return known.context
    const context = createSecureContext(options as ConnectionOptions)
    this.#entries.unshift({ options, context })
    this.#entries.length = Math.min(this.#entries.length, MAX_CONTEXTS)
    return context
  }
}

const MAX_CONTEXTS = 16

/** Shared by all connections: a context holds certificates and keys, but no state of a connection. */
const secureContexts = new SecureContextCache()

function sameOptions(one: TlsOptions, other: TlsOptions): boolean {
  const names = Object.keys(one) as (keyof TlsOptions)[]
  return names.length === Object.keys(other).length && names.every(name => isDeepStrictEqual(one[name], other[name]))
}
