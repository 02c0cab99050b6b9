/**
 * The `tls` option: what to trust and to show over wss. Names and meanings are those of Node's `tls.connect`, whose defaults
 * apply to each option that is not given.
 */
export interface TlsOptions {
  /** Trusted certificate authorities, PEM. Default: those that the host trusts. */
  readonly ca?: Pem
  /** The client's certificate chain, PEM. */
  readonly cert?: Pem
  /** The client's private key, PEM. */
  readonly key?: Pem
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string
  /** The client's certificate and key, as PKCS #12. */
  readonly pfx?: string | Uint8Array
  /** The name that is asked for (SNI) and verified. Default: the URL's host. */
  readonly servername?: string
  /** False trusts any certificate. Default: true. */
  readonly rejectUnauthorized?: boolean
  /** The lowest version of TLS to accept. */
  readonly minVersion?: TlsVersion
  /** The highest version of TLS to offer. */
  readonly maxVersion?: TlsVersion
  /** The ciphers to offer, as a list in OpenSSL's format. */
  readonly ciphers?: string
}

export type Pem = string | Uint8Array | ReadonlyArray<string | Uint8Array>
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** How a member of the `tls` option is checked. */
export interface TlsMember {
  /** Whether the value is of the right kind. An undefined member is absent, and is not checked. */
  takes(value: unknown): boolean
  /** The right kind in words, for the error message. */
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

/** All members of the `tls` option, and how each is checked. */
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
