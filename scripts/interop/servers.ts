import { spawn, spawnSync } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findRuntimes } from '../runtimes/runtimes.ts'

/** The parameters of permessage-deflate that a server is configured with. */
export interface ServerDeflate {
  readonly serverNoContextTakeover?: boolean
  readonly clientNoContextTakeover?: boolean
  readonly serverMaxWindowBits?: number
  readonly clientMaxWindowBits?: number
}

export interface ServerSettings {
  /** Null turns compression off. */
  readonly deflate: ServerDeflate | null
  /** Whether it sends its messages in fragments. */
  readonly fragments: boolean
}

/** An echo server of another project. */
export interface ServerKind {
  readonly name: string
  readonly settings: readonly ServerSettings[]
  /** Whether it refuses this offer with status 400, instead of accepting without compression. */
  refuses?(settings: ServerSettings, offer: string): boolean
  /** The command line that starts it, or the reason why it cannot be started. */
  command(): readonly string[] | string
}

export interface RunningServer {
  readonly port: number
  readonly version: string
  stop(): Promise<void>
}

const windows: readonly ServerDeflate[] = [
  {},
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  { serverMaxWindowBits: 10, clientMaxWindowBits: 14, serverNoContextTakeover: true },
]

function everyWay(deflates: readonly ServerDeflate[], fragments: readonly boolean[]): ServerSettings[] {
  return [...deflates, null].flatMap(deflate => fragments.map(one => ({ deflate, fragments: one })))
}

/** Debian's Python: only this one sees the package python3-websockets. */
const PYTHON = '/usr/bin/python3'

export const serverKinds: readonly ServerKind[] = [
  {
    name: 'ws',
    settings: everyWay(windows, [false, true]),
    refuses({ deflate }, offer) {
      if (offer === '') return false
      const [, , bits] = /; client_max_window_bits(=(\d+))?/.exec(offer) ?? [undefined, undefined, '0']
      return deflate?.clientMaxWindowBits !== undefined && deflate.clientMaxWindowBits > Number(bits ?? 15)
    },
    command: () => [process.execPath, fileURLToPath(new URL('ws-server.js', import.meta.url))],
  },
  {
    name: 'Bun.serve',
    settings: everyWay(windows.slice(0, 4), [false]),
    command() {
      const bun = process.env.BUN ?? findRuntimes().find(({ kind }) => kind === 'bun')?.executable
      if (bun === undefined)
        return 'Bun is not installed: npm run runtimes -- bun, or name it in the environment variable BUN'
      return [bun, fileURLToPath(new URL('bun-server.js', import.meta.url))]
    },
  },
  {
    name: 'python3-websockets',
    settings: everyWay(windows, [false, true]),
    command() {
      if (!hasPythonWebsockets()) installPythonWebsockets()
      if (!hasPythonWebsockets()) return 'it is not installed: apt-get install python3-websockets'
      // The Python file is in the source folder, since only TypeScript is compiled to build/.
      return [PYTHON, fileURLToPath(new URL('../../../scripts/interop/websockets-server.py', import.meta.url))]
    },
  },
]

function hasPythonWebsockets(): boolean {
  return spawnSync(PYTHON, ['-c', 'import websockets']).status === 0
}

/** With apt-get, as root or with sudo without a password. Elsewhere it does nothing. */
function installPythonWebsockets(): void {
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '--quiet']
  const [program, ...before] = process.getuid?.() === 0 ? environment : ['sudo', '--non-interactive', ...environment]
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'python3-websockets']]) {
    spawnSync(program!, [...before, ...args], { stdio: 'inherit' })
  }
}

/** Starts a server, and waits until it prints its port. */
export function startServer(command: readonly string[], settings: ServerSettings): Promise<RunningServer> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command
    const child = spawn(program!, [...args, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<void>(done => child.once('close', () => done()))
    child.once('error', reject)
    child.once('close', code => reject(new Error(`${program} ended with code ${code}`)))
    createInterface(child.stdout).once('line', line => {
      const { port, version } = JSON.parse(line) as { port: number; version: string }
      resolve({
        port,
        version,
        async stop() {
          child.kill()
          await ended
        },
      })
    })
  })
}
