import { asciiName } from '../host/host-url.ts'
import { isUint8Array } from '../host/views.ts'

/**
 * The `tls` option: what to trust and to show over wss. Names and meanings are those of Node's `tls.connect`, whose defaults
 * apply to each option that is not given.
 */
export interface TlsOptions {
  /** Trusted certificate authorities, PEM. Default: those that the host trusts. */
  readonly ca?: Pem
  /** Certificate revocation lists, PEM. Default: none, so that no certificate counts as revoked. */
  readonly crl?: Pem
  /** Trusts a chain that ends at an intermediate certificate of `ca`. Default: false. */
  readonly allowPartialTrustChain?: boolean
  /** The client's certificate chain, PEM. Default: none. */
  readonly cert?: Pem
  /** The client's private key, PEM. In a list, each key may have a passphrase of its own. Default: none. */
  readonly key?: string | Uint8Array | ReadonlyArray<string | Uint8Array | PrivateKey>
  /** Decrypts `key` or `pfx`. Default: none, for those that are not encrypted. */
  readonly passphrase?: string
  /** The client's certificate and key, as PKCS #12. In a list, each may have a passphrase of its own. Default: none. */
  readonly pfx?: string | Uint8Array | ReadonlyArray<string | Uint8Array | PersonalExchange>
  /** The name that is asked for (SNI) and verified. Default: the URL's host. */
  readonly servername?: string
  /** False trusts any certificate. Default: true. */
  readonly rejectUnauthorized?: boolean
  /**
   * Checks that a certificate which is trusted is the server's. An Error that is
   * returned, or thrown, refuses it. Default: `tls.checkServerIdentity`.
   */
  readonly checkServerIdentity?: (hostname: string, certificate: any) => Error | undefined
  /** The lowest version of TLS to accept. Default: that of the runtime, `tls.DEFAULT_MIN_VERSION`. */
  readonly minVersion?: TlsVersion
  /** The highest version of TLS to offer. Default: that of the runtime, `tls.DEFAULT_MAX_VERSION`. */
  readonly maxVersion?: TlsVersion
  /**
   * The version of TLS by the names of OpenSSL's methods, such as `TLSv1_2_method`. Default: the versions from `minVersion` to
   * `maxVersion`.
   */
  readonly secureProtocol?: string
  /** The ciphers to offer, as a list in OpenSSL's format. Default: those of the runtime, `tls.DEFAULT_CIPHERS`. */
  readonly ciphers?: string
  /** The curves to offer for the key exchange, separated by colons. Default: those of the runtime, `tls.DEFAULT_ECDH_CURVE`. */
  readonly ecdhCurve?: string
  /** The signature algorithms to offer, separated by colons. Default: those of OpenSSL. */
  readonly sigalgs?: string
  /** The smallest Diffie-Hellman parameter to accept, in bits. Default: 1024. */
  readonly minDHSize?: number
  /** OpenSSL's options `SSL_OP_*`, a bit field. Default: those that Node.js sets. */
  readonly secureOptions?: number
  /** The protocols to offer (ALPN): `http/1.1` or none, since the opening handshake speaks no other. Default: `http/1.1`. */
  readonly ALPNProtocols?: readonly 'http/1.1'[] | Uint8Array
  /** Gives the pre-shared key of TLS-PSK. Default: none: the server has to show a certificate. */
  readonly pskCallback?: (hint: string | null) => {
    /** The key. */
    readonly psk: Uint8Array
    /** The name of the key, which the server looks it up by. */
    readonly identity: string
  } | null
  /**
   * What Node's `tls.createSecureContext` has made, in place of the options that it is made from. Default: one that is made from
   * those options.
   */
  readonly secureContext?: object
  /** Traces TLS to standard error. Default: false. */
  readonly enableTrace?: boolean
}

export type Pem = string | Uint8Array | ReadonlyArray<string | Uint8Array>
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** A private key with its passphrase. */
export interface PrivateKey {
  readonly pem: string | Uint8Array
  readonly passphrase?: string
}

/** A file of PKCS #12 with its passphrase. */
export interface PersonalExchange {
  readonly buf: string | Uint8Array
  readonly passphrase?: string
}

/** How a member of the `tls` option is read. */
export interface TlsMember {
  /**
   * A copy that the caller cannot change; undefined if the value is not of the right kind. Functions, and a secure context, are
   * kept as they are. An undefined member is absent, and is not read.
   */
  copy(value: unknown): unknown
  /** The right kind in words, for the error message. */
  readonly wanted: string
  /** True for what a secure context is made from. */
  readonly ofContext?: boolean
}

function copyBytes(value: unknown): string | Uint8Array | undefined {
  if (typeof value === 'string') return value
  // The constructor reads the bytes by the slots of a typed array, too.
  return isUint8Array(value) ? new Uint8Array(value) : undefined
}

/** Makes a function that copies a value, or a list of values; one bad member makes the list one. */
function orList(copy: (value: unknown) => unknown): (value: unknown) => unknown {
  return value => {
    if (!Array.isArray(value)) return copy(value)
    const copies = Array.from({ length: value.length }, (_, index) => copy(value[index]))
    return copies.includes(undefined) ? undefined : copies
  }
}

/** Makes a function that copies bytes, or in a list also an object that has them with their passphrase. */
function orProtected(name: 'pem' | 'buf'): (value: unknown) => unknown {
  const copyMember = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return copyBytes(value)
    const { [name]: content, passphrase }: Record<string, unknown> = { __proto__: null, ...value }
    const bytes = copyBytes(content)
    if (bytes === undefined || (passphrase !== undefined && typeof passphrase !== 'string')) return undefined
    return { __proto__: null, [name]: bytes, ...(passphrase !== undefined && { passphrase }) }
  }
  return value => (Array.isArray(value) ? orList(copyMember)(value) : copyBytes(value))
}

function copyContext(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'context' in value ? value : undefined
}

function copyALPNProtocols(value: unknown): unknown {
  const bytes = copyBytes(value)
  const names = bytes instanceof Uint8Array ? splitProtocols(bytes) : value
  return Array.isArray(names) ? orList(name => (name === HTTP_1_1 ? name : undefined))(names) : undefined
}

/** The names of the wire format (RFC 7301 section 3.1), each behind its length. */
function splitProtocols(wire: Uint8Array): string[] {
  const names: string[] = []
  for (let at = 0; at < wire.length; at += wire[at]! + 1) {
    names.push(String.fromCharCode(...wire.subarray(at + 1, at + 1 + wire[at]!)))
  }
  return names
}

export const HTTP_1_1 = 'http/1.1'

const PEM: TlsMember = {
  copy: orList(copyBytes),
  wanted: 'a string, a Uint8Array, or a list of them',
  ofContext: true,
}
const STRING: TlsMember = { copy: value => (typeof value === 'string' ? value : undefined), wanted: 'a string' }
const BOOLEAN: TlsMember = { copy: value => (typeof value === 'boolean' ? value : undefined), wanted: 'a boolean' }
const FUNCTION: TlsMember = { copy: value => (typeof value === 'function' ? value : undefined), wanted: 'a function' }
const UNSIGNED: TlsMember = {
  copy: value => (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32 ? value : undefined),
  wanted: 'an integer from 0 to 4294967295',
}
const VERSION: TlsMember = {
  copy: value => (value === 'TLSv1.2' || value === 'TLSv1.3' ? value : undefined),
  wanted: '"TLSv1.2" or "TLSv1.3"',
  ofContext: true,
}
const CONTEXT_STRING: TlsMember = { ...STRING, ofContext: true }

/** All members of the `tls` option, and how each is read. */
export const TLS_MEMBERS: { readonly [Name in keyof Required<TlsOptions>]: TlsMember } = {
  ALPNProtocols: {
    copy: copyALPNProtocols,
    wanted: `a list that has ${HTTP_1_1} or nothing`,
  },
  allowPartialTrustChain: { ...BOOLEAN, ofContext: true },
  ca: PEM,
  cert: PEM,
  checkServerIdentity: FUNCTION,
  ciphers: CONTEXT_STRING,
  crl: PEM,
  ecdhCurve: CONTEXT_STRING,
  enableTrace: BOOLEAN,
  key: { ...PEM, copy: orProtected('pem') },
  maxVersion: VERSION,
  minDHSize: UNSIGNED,
  minVersion: VERSION,
  passphrase: CONTEXT_STRING,
  pfx: { ...PEM, copy: orProtected('buf') },
  pskCallback: FUNCTION,
  rejectUnauthorized: BOOLEAN,
  secureContext: { copy: copyContext, wanted: 'made by tls.createSecureContext' },
  secureOptions: { ...UNSIGNED, ofContext: true },
  secureProtocol: CONTEXT_STRING,
  servername: { copy: value => (typeof value === 'string' ? asciiName(value) : undefined), wanted: 'a host name' },
  sigalgs: CONTEXT_STRING,
}
