import type { TlsOptions } from './connect.ts'

export type { TlsOptions }

/** The check of one member of the `tls` option. */
export interface TlsMember {
  takes(value: unknown): boolean
  /** What `takes` accepts, for error messages. */
  readonly wanted: string
}

const BYTES: TlsMember = {
  takes: value => typeof value === 'string' || value instanceof Uint8Array,
  wanted: 'a string or a Uint8Array',
}
const PEM: TlsMember = {
  takes: value => (Array.isArray(value) ? value.every(BYTES.takes) : BYTES.takes(value)),
  wanted: 'a string, a Uint8Array, or a list of them',
}
const STRING: TlsMember = { takes: value => typeof value === 'string', wanted: 'a string' }
const BOOLEAN: TlsMember = { takes: value => typeof value === 'boolean', wanted: 'a boolean' }
const VERSION: TlsMember = {
  takes: value => value === 'TLSv1.2' || value === 'TLSv1.3',
  wanted: '"TLSv1.2" or "TLSv1.3"',
}

export const TLS_MEMBERS: { readonly [Name in keyof Required<TlsOptions>]: TlsMember } = {
  ca: PEM,
  cert: PEM,
  ciphers: STRING,
  key: PEM,
  maxVersion: VERSION,
  minVersion: VERSION,
  passphrase: STRING,
  pfx: BYTES,
  rejectUnauthorized: BOOLEAN,
  servername: STRING,
}
