import type { Duplex, Pipe } from './pipe.ts'

/** What a connection is to be opened to. */
export interface ConnectTarget {
  /** Host name, or an address (an IPv6 address without brackets). */
  readonly host: string
  readonly port: number
  /** True for wss: the pipe must come back encrypted, its peer authenticated. */
  readonly secure: boolean
  /** The whole URL, with the scheme ws or wss. */
  readonly url: string
  /** Aborted when nobody waits for the connection any more. */
  readonly signal: ConnectSignal
  /** The addresses of the host, where they were resolved already. */
  readonly addresses?: Location['addresses']
}

/** The host's AbortSignal, or as much of it as is used where the program does not know that type. */
export type ConnectSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : { readonly aborted: boolean; readonly reason: any; addEventListener(type: 'abort', listener: () => void): void }

/** Where a host name leads. */
export interface Location {
  /** Equal for targets that are the same remote host and port (RFC 6455 section 4.1). */
  readonly key: string
  readonly addresses: ReadonlyArray<{ readonly address: string; readonly family: number }>
}

/** The `connect` option: gives an open byte pipe to the target. */
export type Connect = (target: ConnectTarget) => Pipe | Duplex | PromiseLike<Pipe | Duplex>

/** The `tls` option, with the names and meanings of Node's `tls.connect`. */
export interface TlsOptions {
  /** Trusted certificate authorities, PEM, instead of the default ones. */
  readonly ca?: Pem
  /** The client's certificate chain, PEM. */
  readonly cert?: Pem
  /** The client's private key, PEM. */
  readonly key?: Pem
  /** Decrypts `key`, or `pfx`. */
  readonly passphrase?: string
  /** The client's certificate and key as PKCS #12. */
  readonly pfx?: string | Uint8Array
  /** The name that is asked for and verified, instead of the URL's host. */
  readonly servername?: string
  /** False trusts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** OpenSSL's cipher list. */
  readonly ciphers?: string
}

export type Pem = string | Uint8Array | ReadonlyArray<string | Uint8Array>
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'
