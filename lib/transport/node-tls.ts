import { isIP } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { TlsOptions } from './connect.ts'
import { connectTlsOverTcp } from './deno-tls.ts'

/**
 * Opens TLS with Node.js, over a TCP connection that it opens with `options`, those of its `net.connect`.
 *
 * @returns its TLSSocket; a type that programs for other hosts do not know
 */
export function connectTls(options: object, host: string, tls: TlsOptions = NO_OPTIONS): object {
  const tlsOptions: ConnectionOptions = {
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls as ConnectionOptions),
    secureContext: secureContext(tls),
  }
  return 'Deno' in globalThis ? connectTlsOverTcp(options, tlsOptions) : connect({ ...options, ...tlsOptions })
}

const NO_OPTIONS: TlsOptions = {}

// Making a context costs more than the rest of a handshake: those of the last few different options are kept.
const contexts: { readonly options: TlsOptions; readonly context: SecureContext }[] = []
const MAX_CONTEXTS = 16

function secureContext(options: TlsOptions): SecureContext {
  const known = contexts.find(entry => sameOptions(entry.options, options))
  if (known !== undefined) return known.context
  const context = createSecureContext(options as ConnectionOptions)
  contexts.unshift({ options, context })
  contexts.length = Math.min(contexts.length, MAX_CONTEXTS)
  return context
}

function sameOptions(one: TlsOptions, other: TlsOptions): boolean {
  const names = Object.keys(one) as (keyof TlsOptions)[]
  return names.length === Object.keys(other).length && names.every(name => isDeepStrictEqual(one[name], other[name]))
}
