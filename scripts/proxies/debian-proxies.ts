import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificate, privateKey } from '../../wpt/server/certificate.ts'
import { installDebianPackages } from '../ensure-chromium/debian.ts'

/** The credentials that proxies with a password want. */
export const USER = 'user'
export const PASSWORD = 'pass-word'

/** A proxy of Debian, in one configuration. */
export interface ProxyKind {
  readonly name: string
  readonly package: string
  readonly program: string
  /** The schemes by which it is used. */
  readonly schemes: readonly string[]
  readonly password?: boolean
  /** The address that it listens on. */
  readonly host: '127.0.0.1' | '[::1]'
  /** Files for its folder, by name. */
  files?(port: number, folder: string): Record<string, string>
  args(port: number, folder: string): readonly string[]
  /** A library that is loaded ahead of those of the program, and its package. */
  readonly preloads?: { readonly package: string; readonly library: string }
  /** Environment variables, besides those of this process. */
  environment?(folder: string): Record<string, string>
}

export interface RunningProxy {
  readonly kind: ProxyKind
  readonly port: number
  stop(): Promise<void>
}

const squid = (name: string, host: ProxyKind['host'], password: boolean, tls: boolean): ProxyKind => ({
  name,
  package: 'squid',
  program: '/usr/sbin/squid',
  schemes: [tls ? 'https' : 'http'],
  password,
  host,
  files: (port, folder) => ({
    'squid.conf': [
      tls
        ? `https_port ${host}:${port} tls-cert=${folder}/cert.pem tls-key=${folder}/key.pem`
        : `http_port ${host}:${port}`,
      ...(password
        ? [
            `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/passwords`,
            'acl known proxy_auth REQUIRED',
            'http_access allow known',
          ]
        : ['http_access allow all']),
      'http_access deny all',
      'cache deny all',
      'access_log none',
      'visible_hostname localhost',
      'shutdown_lifetime 0 seconds',
      `cache_log ${folder}/cache.log`,
      `pid_filename ${folder}/squid.pid`,
      `coredump_dir ${folder}`,
    ].join('\n'),
    passwords: `${USER}:${spawnSync('openssl', ['passwd', '-apr1', PASSWORD]).stdout}`,
    'cert.pem': certificate,
    'key.pem': privateKey,
  }),
  args: (_port, folder) => ['-N', '-f', join(folder, 'squid.conf')],
})

const tinyproxy = (name: string, password: boolean): ProxyKind => ({
  name,
  package: 'tinyproxy',
  program: '/usr/bin/tinyproxy',
  schemes: ['http'],
  password,
  host: '127.0.0.1',
  files: port => ({
    'tinyproxy.conf': [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      'LogLevel Critical',
      ...(password ? [`BasicAuth ${USER} ${PASSWORD}`] : []),
      '',
    ].join('\n'),
  }),
  args: (_port, folder) => ['-d', '-c', join(folder, 'tinyproxy.conf')],
})

const microsocks = (name: string, host: ProxyKind['host'], password: boolean): ProxyKind => ({
  name,
  package: 'microsocks',
  program: '/usr/bin/microsocks',
  schemes: ['socks5', 'socks5h'],
  password,
  host,
  args: port => [
    '-i',
    host.replace(/[[\]]/g, ''),
    '-p',
    String(port),
    ...(password ? ['-u', USER, '-P', PASSWORD] : []),
  ],
})

/**
 * dante takes the passwords of the users of the system. A library that is loaded ahead shows it files of ours in their place
 * (nss_wrapper).
 */
const dante = (name: string, password: boolean): ProxyKind => ({
  name,
  package: 'dante-server',
  program: '/usr/sbin/danted',
  schemes: password ? ['socks5', 'socks5h'] : ['socks5', 'socks5h', 'socks4'],
  password,
  host: '127.0.0.1',
  ...(password && {
    preloads: { package: 'libnss-wrapper', library: 'libnss_wrapper.so' },
    environment: folder => ({
      NSS_WRAPPER_PASSWD: join(folder, 'passwd'),
      NSS_WRAPPER_GROUP: '/etc/group',
      NSS_WRAPPER_SHADOW: join(folder, 'shadow'),
    }),
  }),
  files: port => ({
    passwd: `${readFileSync('/etc/passwd', 'utf8')}${USER}:x:65000:65000::/:/bin/false\n`,
    shadow: `${USER}:${String(spawnSync('openssl', ['passwd', '-6', PASSWORD]).stdout).trim()}:19000:0:99999:7:::\n`,
    'danted.conf': [
      'logoutput: /dev/null',
      `internal: 127.0.0.1 port = ${port}`,
      'external: 127.0.0.1',
      'external: ::1',
      'clientmethod: none',
      `socksmethod: ${password ? 'username' : 'none'}`,
      'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
      // Port 9 stands for what the rules do not allow.
      'socks block { from: 127.0.0.0/8 to: 0.0.0.0/0 port = 9 }',
      'socks pass { from: 127.0.0.0/8 to: 0/0 }',
      '',
    ].join('\n'),
  }),
  args: (_port, folder) => ['-f', join(folder, 'danted.conf'), '-p', join(folder, 'danted.pid')],
})

export const proxyKinds: readonly ProxyKind[] = [
  squid('squid', '127.0.0.1', false, false),
  squid('squid, password', '127.0.0.1', true, false),
  squid('squid, TLS, password', '127.0.0.1', true, true),
  squid('squid, IPv6', '[::1]', false, false),
  tinyproxy('tinyproxy', false),
  tinyproxy('tinyproxy, password', true),
  microsocks('microsocks', '127.0.0.1', false),
  microsocks('microsocks, password', '127.0.0.1', true),
  microsocks('microsocks, IPv6', '[::1]', false),
  dante('dante-server', false),
  dante('dante-server, password', true),
]

/** Installs the packages that are missing, with apt-get, as root or with sudo without a password. Returns what is still missing. */
export function installProxies(): string[] {
  const missing = (): string[] => [
    ...new Set([
      ...proxyKinds.filter(({ program }) => !existsSync(program)).map(kind => kind.package),
      ...proxyKinds.flatMap(({ preloads }) => (preloads && !isLibrary(preloads.library) ? [preloads.package] : [])),
    ]),
  ]
  const packages = missing()
  if (packages.length === 0) return []
  installDebianPackages(packages)
  return missing()
}

/** Whether the system has a library, in the folder of its architecture. */
function isLibrary(name: string): boolean {
  return readdirSync('/usr/lib').some(folder => existsSync(join('/usr/lib', folder, name)))
}

/** Starts a proxy on a port that is free, and waits until it listens. */
export async function startProxy(kind: ProxyKind): Promise<RunningProxy> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  // Some of them read their files as another user.
  chmodSync(folder, 0o777)
  for (const [name, text] of Object.entries(kind.files?.(port, folder) ?? {})) {
    writeFileSync(join(folder, name), text, { mode: 0o644 })
  }
  const preload = kind.preloads && { LD_PRELOAD: kind.preloads.library }
  const env = { ...process.env, ...preload, ...kind.environment?.(folder) }
  const child = spawn(kind.program, kind.args(port, folder), { stdio: 'ignore', cwd: folder, env })
  const ended = once(child, 'close')
  try {
    await listening(port, kind.host.replace(/[[\]]/g, ''), child)
  } catch (error) {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    kind,
    port,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Milliseconds that a proxy has to start. */
const START_LIMIT = 15_000

async function listening(port: number, host: string, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + START_LIMIT; Date.now() < until; ) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    const socket = connect(port, host)
    const isUp = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isUp) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('it does not listen')
}
