/** The targets that are compared: implementations, each on a runtime. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { findRuntimes as installedRuntimes } from '../runtimes/runtimes.ts'
import type { Scenario } from './scenarios.ts'

export interface Target {
  /** As in tables: implementation, comma, runtime; such as `ours, node 26`. */
  readonly name: string
  readonly implementation: 'ours' | 'ws' | 'undici' | 'native' | 'raw'
  readonly runtime: Runtime
  /** Path of the module to import; undefined for the built-in class and the bare socket. */
  readonly module?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Runtime {
  /** Such as `node 26` or `bun`. */
  readonly name: string
  readonly version: string
  /** The executable and its arguments before the script, the same for all implementations. */
  readonly command: readonly string[]
}

const NODE = ['--expose-gc', '--no-warnings']
// Deno's own WebSocketStream needs --unstable-net.
const DENO = ['run', '-A', '--quiet', '--no-check', '--unstable-net', '--v8-flags=--expose-gc']

/** The available runtimes: the one that runs this, and those that `npm run runtimes` has installed; Node.js first. */
export function findRuntimes(): Runtime[] {
  const major = process.versions.node.split('.')[0]
  const nodes: Runtime[] = [
    { name: `node ${major}`, version: process.versions.node, command: [process.execPath, ...NODE] },
  ]
  const others: Runtime[] = []
  for (const { name, kind, version, executable } of installedRuntimes()) {
    if (kind === 'node' && name !== `node${major}`) {
      nodes.push({ name: name.replace('node', 'node '), version, command: [executable, ...NODE] })
    } else if (kind === 'bun') others.push({ name, version, command: [executable] })
    else if (kind === 'deno') others.push({ name, version, command: [executable, ...DENO] })
  }
  return [...nodes.sort((one, other) => majorOf(one.name) - majorOf(other.name)), ...others]
}

/** The name of the newest Node.js, whose figures are judged. */
export function newestNode(runtimes: readonly { readonly name: string }[]): string | undefined {
  const nodes = runtimes.map(({ name }) => name).filter(name => name.startsWith('node '))
  return nodes.sort((one, other) => majorOf(other) - majorOf(one))[0]
}

function majorOf(name: string): number {
  return Number(name.split(' ')[1])
}

/** The targets on these runtimes. ws and undici run on Node.js only, where people use them. */
export function targetsOn(runtimes: readonly Runtime[], root: string): Target[] {
  const peers = join(root, 'scripts', 'bench', 'node_modules')
  const ours = join(root, 'dist', 'bundle', 'entry', 'node.js')
  const ws = join(peers, 'ws', 'wrapper.mjs')
  const undici = join(peers, 'undici', 'index.js')
  const plain = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }
  const all = runtimes.flatMap(runtime => {
    const { name } = runtime
    const targets: Target[] = [{ name: `ours, ${name}`, implementation: 'ours', runtime, module: ours }]
    const builtIn: Target = { name: `built-in, ${name}`, implementation: 'native', runtime }
    const bare: Target = { name: `bare socket, ${name}`, implementation: 'raw', runtime }
    if (!name.startsWith('node')) return [...targets, builtIn, bare]
    targets.push({ name: `ws, ${name}`, implementation: 'ws', runtime, module: ws, environment: plain })
    if (!masksFrames(runtime)) targets.push({ name: `ws + addons, ${name}`, implementation: 'ws', runtime, module: ws })
    // Node.js 20 has no built-in WebSocket, and this version of undici needs a newer Node.js.
    if (name !== 'node 20') {
      targets.push({ name: `undici, ${name}`, implementation: 'undici', runtime, module: undici }, builtIn)
    }
    return [...targets, bare]
  })
  return all.filter(({ module }) => module === undefined || existsSync(module))
}

/** Whether a Node.js has a function that masks frames, `http.websocketMask`. There ws takes that, and never an addon. */
function masksFrames({ command: [node] }: Runtime): boolean {
  const script = "process.stdout.write(typeof require('node:http').websocketMask)"
  return execFileSync(node!, ['-e', script], { encoding: 'utf8' }) === 'function'
}

/** Whether a target can run a scenario at all. */
export function canRun({ implementation, runtime }: Target, { kind, delay, compressed }: Scenario): boolean {
  if (implementation === 'raw') {
    // The bare socket finds the end by counting bytes, and another runtime's zlib compresses to other lengths than the server's.
    const hasOtherLength = compressed && kind === 'receive' && !runtime.name.startsWith('node')
    return !['import', 'stream-receive', 'stream-send'].includes(kind) && !delay && !hasOtherLength
  }
  if (kind === 'import') return implementation !== 'native'
  if (!kind.startsWith('stream')) return true
  return (
    implementation === 'ours' || implementation === 'undici' || (implementation === 'native' && runtime.name === 'deno')
  )
}
