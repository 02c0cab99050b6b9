import { TLS_MEMBERS, type TlsOptions } from '../../transport/tls-options.ts'
import { invalid, type Readers, refuseUnknown } from './reading.ts'

/** TLS. */
export interface Options {
  /** Trust and credentials for wss. Default: none, which trusts what the host trusts. */
  readonly tls?: TlsOptions
}

export interface Settings {
  readonly tls: TlsOptions | undefined
}

export const readers: Readers<Settings> = { tls: readTls }

/** A copy, with copies of its lists and bytes: what the caller changes afterwards has no effect on this socket. */
export function readTls(value: unknown, name: string): TlsOptions | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'an object')
  refuseUnknown(value, TLS_MEMBERS, `${name}.`)
  const options: Record<string, unknown> = Object.create(null)
  for (const [key, content] of Object.entries(value)) {
    if (content === undefined) continue
    const { copy, wanted } = TLS_MEMBERS[key as keyof TlsOptions]
    const copied = copy(content)
    if (copied === undefined) return invalid(`${name}.${key}`, wanted)
    options[key] = copied
  }
  // Node.js would ignore what the context was not made from, even an authority.
  const other = Object.keys(options).find(key => TLS_MEMBERS[key as keyof TlsOptions].ofContext)
  if (options.secureContext !== undefined && other !== undefined) {
    throw new TypeError(
      `The WebSocket option "${name}.${other}" has no effect beside "${name}.secureContext": give it to tls.createSecureContext`,
    )
  }
  return options
}
