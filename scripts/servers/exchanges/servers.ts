import { spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { program, runtime } from '../install.ts'
import { PYTHON } from '../python.ts'

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

/** An echo server with settings for compression. */
export interface ServerKind {
  /** The file of its row. */
  readonly name: string
  readonly settings: readonly ServerSettings[]
  /** Whether it refuses this offer with status 400, instead of accepting without compression. */
  refuses?(settings: ServerSettings, offer: string): boolean
  /** The command line that starts it. */
  command(): readonly string[]
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
    name: 'bun',
    settings: everyWay(windows.slice(0, 4), [false]),
    command: () => [runtime('bun'), fileURLToPath(new URL('bun-server.js', import.meta.url))],
  },
  {
    name: 'websockets',
    settings: everyWay(windows, [false, true]),
    command: () => [PYTHON, program('websockets-compressed.py')],
  },
]

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
