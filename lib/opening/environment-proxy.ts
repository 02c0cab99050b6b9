import { asciiName } from '../host/host-url.ts'
import { parseAddress, unmapped } from '../transport/ip-address.ts'
import { parseProxy } from './options/proxy.ts'
import { hostOf, portOf } from './url.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment variables name for a URL, as curl and Node.js read them: `HTTP_PROXY` for ws, `HTTPS_PROXY` for
 * wss, else `ALL_PROXY`, unless `NO_PROXY` has the server. A name in lower case goes before one in upper case; an empty value is
 * none.
 *
 * @see https://everything.curl.dev/usingcurl/proxies/env.html
 * @returns undefined for no proxy; the name of the variable if its value is no URL of a proxy
 */
export function environmentProxy(environment: Environment, url: URL): URL | string | undefined {
  if (isExcluded(url, readVariable(environment, 'no_proxy')?.value ?? '')) return undefined
  const scheme = url.protocol === 'wss:' ? 'https_proxy' : 'http_proxy'
  const found = readVariable(environment, scheme) ?? readVariable(environment, 'all_proxy')
  if (found === undefined) return undefined
  // Without a scheme, a proxy speaks HTTP. To curl, `socks` is SOCKS 4.
  const value = found.value.replace(/^(?!.*:\/\/)/, 'http://').replace(/^socks:/i, 'socks4:')
  return parseProxy(value) ?? found.name
}

function readVariable(environment: Environment, lower: string): { name: string; value: string } | undefined {
  // A server program that runs by CGI has the field `Proxy` of its client in HTTP_PROXY.
  const isForeign = lower === 'http_proxy' && environment.REQUEST_METHOD !== undefined
  const names = isForeign ? [lower] : [lower, lower.toUpperCase()]
  for (const name of names) {
    const value = environment[name]?.trim()
    if (value) return { name, value }
  }
  return undefined
}

/**
 * Whether `NO_PROXY` has the server of a URL: a list of names, addresses, networks (`10.0.0.0/8`) and ranges
 * (`10.0.0.1-10.0.0.9`), each with a port or without, or `*` for all. A name stands for its subdomains as well, with `.` or `*.`
 * before it or without.
 */
export function isExcluded(url: URL, noProxy: string): boolean {
  const host = hostOf(url).replace(/\.$/, '')
  const port = portOf(url)
  const address = toBytes(host)
  const entries = noProxy.toLowerCase().match(/[^\s,]+/g) ?? []
  return entries.some(entry => {
    const [pattern, wantedPort] = splitPort(entry)
    if (Number(wantedPort ?? port) !== port) return false
    if (pattern === '*') return true
    return address === undefined ? isWithin(host, pattern) : isOf(address, pattern)
  })
}

/** An entry without its port. An IPv6 address with a port has brackets. */
function splitPort(entry: string): [pattern: string, port: string | undefined] {
  const [, bracketed, named = entry, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  return [bracketed ?? named, port]
}

function isWithin(host: string, pattern: string): boolean {
  const domain = asciiName(pattern.replace(/^\*?\.|\.$/g, ''))
  return !!domain && (host === domain || host.endsWith(`.${domain}`))
}

function isOf(address: Uint8Array, pattern: string): boolean {
  const [network, bits] = pattern.split('/') as [string, string?]
  const [first, last = first] = network.split('-') as [string, string?]
  const from = toBytes(first)
  const to = toBytes(last)
  if (from?.length !== address.length || to?.length !== address.length) return false
  if (bits === undefined) return numberOf(from) <= numberOf(address) && numberOf(address) <= numberOf(to)
  // The first `bits` bits are equal.
  const rest = address.length * 8 - Number(bits)
  return /^\d+$/.test(bits) && rest >= 0 && (numberOf(address) ^ numberOf(from)) >> BigInt(rest) === 0n
}

function toBytes(address: string): Uint8Array | undefined {
  return parseAddress(unmapped(address))
}

function numberOf(address: Uint8Array): bigint {
  return address.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
}
