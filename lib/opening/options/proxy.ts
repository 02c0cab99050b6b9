import type { HasHref, URL } from '../../host/host-types.ts'
import { parseURL } from '../../host/host-url.ts'
import type { TlsOptions } from '../../transport/tls-options.ts'
import { type CallerField, type HeadersInput, readHeaders } from './headers.ts'
import { invalid, type Readers, refuseUnknown } from './reading.ts'
import { readTls } from './tls.ts'

/** A proxy. */
export interface Options {
  /**
   * The proxy to connect through: `http:` and `https:` (CONNECT), `socks5h:` and `socks4a:` (the proxy resolves the server's name),
   * `socks5:` and `socks4:` (it is resolved here), with user name and password in the URL. `'env'` asks the environment variables
   * `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; `false` uses none. Default: `'env'` in a process that was told so
   * (`NODE_USE_ENV_PROXY=1`, `--use-env-proxy`), else `false`.
   */
  readonly proxy?: string | HasHref | ProxyOptions | 'env' | false
}

/** A proxy with more than its URL. */
export interface ProxyOptions {
  /** The URL of the proxy. */
  readonly url: string | HasHref
  /** Fields to send with CONNECT, such as `Proxy-Authorization`. The server does not see them. Default: none. */
  readonly headers?: HeadersInput
  /** Trust and credentials for the TLS to an `https:` proxy. Default: none. */
  readonly tls?: TlsOptions
}

/** A proxy, checked. */
export interface ProxySettings {
  readonly url: URL
  readonly headers: readonly CallerField[]
  readonly tls: TlsOptions | undefined
}

export interface Settings {
  /** Undefined: nobody has said anything, so it depends on the process. */
  readonly proxy: ProxySettings | 'env' | false | undefined
}

export const readers: Readers<Settings> = { proxy: readProxy }

function readProxy(value: unknown, name: string): Settings['proxy'] {
  if (value === undefined || value === false || value === 'env') return value
  if (typeof value === 'string') return { url: readURL(value, name), headers: [], tls: undefined }
  if (typeof value !== 'object' || value === null) return invalid(name, WANTED)
  if ('href' in value) return { url: readURL(value.href, name), headers: [], tls: undefined }
  refuseUnknown(value, { url: 0, headers: 0, tls: 0 }, `${name}.`)
  const { url, headers, tls } = { __proto__: null, ...value } as Partial<Record<keyof ProxyOptions, unknown>>
  return {
    url: readURL(typeof url === 'object' && url !== null ? (url as { href?: unknown }).href : url, `${name}.url`),
    headers: readHeaders(headers, `${name}.headers`),
    tls: readTls(tls, `${name}.tls`),
  }
}

function readURL(value: unknown, name: string): URL {
  const url = typeof value === 'string' ? parseProxy(value) : undefined
  return url ?? invalid(name, WANTED)
}

const WANTED = 'a URL with the scheme http, https, socks5, socks5h, socks4 or socks4a, "env" or false'

/** Parses the URL of a proxy. Undefined if it is none. */
export function parseProxy(text: string): URL | undefined {
  const url = parseURL(text)
  return url?.hostname && SCHEMES.test(url.protocol) ? url : undefined
}

const SCHEMES = /^(https?|socks(4a?|5h?)):$/
