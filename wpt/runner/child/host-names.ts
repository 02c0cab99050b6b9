import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Makes `localhost`, `web-platform.test` and all names below them resolve to this machine, and names below `.invalid` not at all,
 * as the hosts file of upstream does. Many systems do not resolve names below `localhost`, and some resolvers answer for
 * `.invalid`. It works for sockets that are opened with `node:net` of Node.js.
 */
export function installHostNames(): void {
  const lookup = dns.lookup as unknown as (...values: unknown[]) => void
  const patched = (...values: unknown[]): void => {
    const [host, options, last] = values
    const callback = (typeof options === 'function' ? options : last) as (
      error: Error | null,
      ...found: unknown[]
    ) => void
    const name = String(host).toLowerCase().replace(/\.$/, '')
    if (name.endsWith('.invalid')) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', hostname: name })
      setImmediate(callback, error)
    } else if (/(^|\.)(localhost|web-platform\.test)$/.test(name)) {
      const all = typeof options === 'object' && options !== null && (options as { all?: boolean }).all === true
      if (all) setImmediate(callback, null, [{ address: '127.0.0.1', family: 4 }])
      else setImmediate(callback, null, '127.0.0.1', 4)
    } else {
      lookup(...values)
    }
  }
  dns.lookup = patched as unknown as typeof dns.lookup
  // For modules that import `lookup` by its name.
  syncBuiltinESMExports()
}
