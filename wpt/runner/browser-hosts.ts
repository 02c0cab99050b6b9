import type { Hosts } from './server.ts'

/** The names of the server in browsers, which resolve them without a hosts file. */
export const browserHosts: Hosts = { host: 'web-platform.test', alternateHost: 'not-web-platform.test' }

/** All host names that tests connect to. */
export const hostNames: readonly string[] = [browserHosts.host, browserHosts.alternateHost].flatMap(host => [
  host,
  ...['www', 'www1', 'www2', 'xn--n8j6ds53lwwkrqhv28a', 'xn--lve-6lad'].map(subdomain => `${subdomain}.${host}`),
])
