/** What is compared: implementations, each on a runtime. */
import { join } from 'node:path'
import { findRuntimes as installedRuntimes } from '../runtimes/runtimes.ts'
import type { Scenario } from './scenarios.ts'

export interface Target {
  /** As it stands in tables. */
  readonly name: string
  readonly implementation: 'ours' | 'ws' | 'undici' | 'native' | 'raw'
  readonly runtime: Runtime
  /** What is imported; none for the runtime's own class and the bare socket. */
  readonly module?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Runtime {
  readonly name: string
  /** The executable and its arguments before the script. */
  readonly command: readonly string[]
}

/** The runtimes there are: the one that runs this, and those that scripts/runtimes has installed. */
export function findRuntimes(): Runtime[] {
  const major = process.versions.node.split('.')[0]
  const found: Runtime[] = [{ name: `node ${major}`, command: [process.execPath, '--expose-gc'] }]
  for (const { name, kind, executable } of installedRuntimes()) {
    if (kind === 'node' && name !== `node${major}`) {
      found.push({ name: name.replace('node', 'node '), command: [executable, '--expose-gc'] })
    } else if (kind === 'bun') found.push({ name, command: [executable] })
    else if (kind === 'deno') found.push({ name, command: [executable, 'run', '-A', '--quiet'] })
  }
  return found
}

/** What is compared on these runtimes. Peers in JavaScript run on Node.js alone, as they are used. */
export function targetsOn(runtimes: readonly Runtime[], root: string): Target[] {
  const peers = join(root, 'scripts', 'bench', 'node_modules')
  const ours = join(root, 'dist', 'entry', 'node.js')
  const plain = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }
  return runtimes.flatMap(runtime => {
    const targets: Target[] = [{ name: `ours, ${runtime.name}`, implementation: 'ours', runtime, module: ours }]
    const add = (target: Omit<Target, 'runtime'>): void => void targets.push({ ...target, runtime })
    const isNode = runtime.name.startsWith('node')
    if (runtime.name !== 'node 20') add({ name: `built-in, ${runtime.name}`, implementation: 'native' })
    if (isNode) {
      const ws = join(peers, 'ws', 'wrapper.mjs')
      add({ name: `ws, ${runtime.name}`, implementation: 'ws', module: ws, environment: plain })
      add({ name: `ws + addons, ${runtime.name}`, implementation: 'ws', module: ws })
      const undici = join(peers, 'undici', 'index.js')
      if (runtime.name !== 'node 20') add({ name: `undici, ${runtime.name}`, implementation: 'undici', module: undici })
      add({ name: `bare socket, ${runtime.name}`, implementation: 'raw' })
    }
    return targets
  })
}

/** Whether a target has what a scenario is about. */
export function canRun({ implementation, runtime }: Target, scenario: Scenario): boolean {
  if (scenario.kind.startsWith('stream'))
    return ['ours', 'undici'].includes(implementation) || (implementation === 'native' && runtime.name === 'deno')
  if (implementation === 'raw') return ['receive', 'send', 'echo'].includes(scenario.kind) && !scenario.delay
  if (implementation === 'native') {
    // There is no trusting a certificate of our own in all of them, and nothing to import.
    return scenario.kind !== 'import' && !scenario.secure
  }
  return true
}
