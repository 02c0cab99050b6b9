import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { authority, certificate, privateKey } from '../server/certificate.ts'
import type { Scheme } from '../server/server.ts'
import { UsageError } from './options.ts'
import type { Hosts, Server } from './server.ts'

/** Milliseconds that `wpt serve` may take until it answers. It loads much Python code. */
const startMilliseconds = 60_000

/**
 * Starts `wpt serve` of a checkout on free ports of 127.0.0.1 with our certificate, so that it needs no hosts file.
 * @throws {UsageError} when it does not answer in time
 */
export async function startUpstreamServer(checkout: string, hosts: Hosts): Promise<Server> {
  if (!existsSync(join(checkout, 'docs/commands.json'))) {
    throw new UsageError(`${checkout} has no docs/commands.json, which its command wpt reads`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'wpt-serve-'))
  const ports = await freePorts(7)
  const config = await writeConfig(folder, ports, hosts)
  const child = spawn('python3', ['wpt', 'serve', '--config', config], {
    cwd: checkout,
    // A process group of its own, since it starts a process for each port.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const collect = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.on('error', error => collect(Buffer.from(String(error))))
  const killGroup = () => signalGroup(child, 'SIGKILL')
  process.once('exit', killGroup)
  const close = async () => {
    await endGroup(child)
    process.off('exit', killGroup)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // Each port has a process of its own, and they start in no particular order.
    for (const port of ports) await untilItListens(port, child)
    const known: Record<Scheme, number> = {
      http: ports[0]!,
      https: ports[2]!,
      ws: ports[4]!,
      wss: ports[5]!,
      h2: ports[6]!,
    }
    return { name: 'wpt serve', host: hosts.host, port: scheme => known[scheme], close }
  } catch (error) {
    await close()
    throw new UsageError(`wpt serve did not start: ${(error as Error).message}\n${log}`)
  }
}

async function writeConfig(folder: string, ports: readonly number[], hosts: Hosts): Promise<string> {
  const files = { key: join(folder, 'key.pem'), certificate: join(folder, 'certificate.pem') }
  await writeFile(files.key, privateKey)
  await writeFile(files.certificate, certificate + authority)
  const config = {
    browser_host: hosts.host,
    alternate_hosts: { alt: hosts.alternateHost },
    server_host: '127.0.0.1',
    // Names below the host may not resolve on this machine.
    check_subdomains: false,
    ports: {
      http: ports.slice(0, 2),
      https: ports.slice(2, 4),
      ws: [ports[4]],
      wss: [ports[5]],
      h2: [ports[6]],
      'http-private': [],
      'http-public': [],
      'https-private': [],
      'https-public': [],
    },
    ssl: {
      type: 'pregenerated',
      pregenerated: { host_key_path: files.key, host_cert_path: files.certificate },
    },
  }
  const path = join(folder, 'config.json')
  await writeFile(path, JSON.stringify(config))
  return path
}

/** Listens on all ports at the same time, so that they differ, and closes them again. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}

async function untilItListens(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startMilliseconds
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`it ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (listens) return
    await delay(200)
  }
  throw new Error(`nothing listens on port ${port} within ${startMilliseconds / 1000} s`)
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  const ended = child.exitCode === null ? once(child, 'exit') : undefined
  signalGroup(child, 'SIGINT')
  await Promise.race([ended, delay(5000, undefined, { ref: false })])
  signalGroup(child, 'SIGKILL')
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The processes of the group have already ended.
  }
}

/**
 * Reads the ports of a running `wpt serve` from files that it serves, in which it replaces templates of ports and hosts.
 * @throws {UsageError} when it serves other files than the checkout has
 */
export async function findUpstreamServer(address: string, checkout: string): Promise<Server> {
  const { port, hostname } = new URL(address)
  const found = await readTemplates(address, checkout, 'websockets/constants.sub.js')
  const hosts = await readTemplates(address, checkout, 'common/get-host-info.sub.js')
  const ports: Record<Scheme, string | undefined> = {
    http: port,
    https: hosts.get('ports[https][0]'),
    ws: found.get('ports[ws][0]'),
    wss: found.get('ports[wss][0]'),
    h2: found.get('ports[h2][0]'),
  }
  return {
    name: address,
    host: found.get('host') ?? hostname,
    port: scheme => {
      if (!ports[scheme]) throw new UsageError(`${address} has no port for ${scheme}`)
      return Number(ports[scheme])
    },
    close: async () => {},
  }
}

/** The values that the server has put in place of the templates of a file, by template. */
async function readTemplates(address: string, checkout: string, path: string): Promise<Map<string, string>> {
  const source = await readFile(join(checkout, path), 'utf8')
  const response = await fetch(new URL(path, address)).catch(error => {
    throw new UsageError(`${address} does not answer: ${String(error)}`)
  })
  const served = await response.text()
  const parts = source.split(/\{\{(.*?)\}\}/)
  const pattern = parts.map((part, index) => (index % 2 === 1 ? '(.*?)' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')))
  const match = new RegExp(`^${pattern.join('')}$`, 's').exec(served)
  if (!match)
    throw new UsageError(`${address} serves another ${path} than the checkout has (status ${response.status})`)
  const names = parts.filter((_part, index) => index % 2 === 1)
  return new Map(names.map((name, index) => [name, match[index + 1]!]))
}
