import type { Duplex, NodeStream, Pipe } from './pipe.ts'

/** The default of TCP keep-alive, as in Chromium: milliseconds after which the system probes an idle connection. */
export const KEEP_ALIVE = 45_000

/** The server to open a connection to. */
export interface ConnectTarget {
  /** Host name, or an address (an IPv6 address without brackets). */
  readonly host: string
  /** From 0 to 65535; that of the scheme, 80 or 443, if the URL has none. */
  readonly port: number
  /** True for wss: the pipe must be encrypted already, and the server authenticated. */
  readonly secure: boolean
  /** The whole URL, with the scheme ws or wss. */
  readonly url: string
  /** Aborted when the connection is no longer wanted. */
  readonly signal: ConnectSignal
  /** The addresses of the host, if the library has resolved its name already. */
  readonly addresses?: ResolvedHost['addresses'] | undefined
}

/** The server as the origin of an HTTP URL. */
export function originOf({ host, port, secure }: ConnectTarget): string {
  return `${secure ? 'https' : 'http'}://${authorityOf(host, port)}`
}

/** @param host as in a `ConnectTarget` */
export function authorityOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The host's AbortSignal, or the part of it that is used, in programs whose types have no AbortSignal. */
export type ConnectSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : { readonly aborted: boolean; readonly reason: any; addEventListener(type: 'abort', listener: () => void): void }

/** A host name that was resolved. */
export interface ResolvedHost {
  /** Equal for the same remote host and port, by whatever name, as RFC 6455 section 4.1 compares them: by IP address. */
  readonly key: string
  /** In the order in which they are to be tried. */
  readonly addresses: ReadonlyArray<{
    /** The IP address as text. */
    readonly address: string
    /** 4 or 6. */
    readonly family: number
  }>
}

/** The `connect` option: opens a byte pipe to the target. */
export type Connect = (target: ConnectTarget) => Opened | PromiseLike<Opened>

/** The values that the option `connect` may give. */
export type Opened = Pipe | Duplex | NodeStream

/** An error of the host's transport in words for people. Its cause is the error of the system. */
export class ExplainedError extends Error {}
