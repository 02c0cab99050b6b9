import { TLS_MEMBERS, type TlsOptions } from '../../transport/tls-options.ts'
import { invalid, type Readers, refuseUnknown } from './reading.ts'

/** TLS. */
export interface Options {
  /** Trust and credentials for wss. */
  readonly tls?: TlsOptions
}

export interface Settings {
  readonly tls: TlsOptions | undefined
}

export const readers: Readers<Settings> = { tls: readTls }

function readTls(value: unknown, name: string): TlsOptions | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'an object')
  refuseUnknown(value, TLS_MEMBERS, `${name}.`)
  for (const [key, content] of Object.entries(value)) {
    const { takes, wanted } = TLS_MEMBERS[key as keyof TlsOptions]
    if (content !== undefined && !takes(content)) return invalid(`${name}.${key}`, wanted)
  }
  // A copy, with copies of its lists and bytes: what the caller changes afterwards has no effect on this socket.
  return structuredClone(value)
}
