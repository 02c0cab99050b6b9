/*
 * Faults of the network itself, in a network namespace of this process: `namespace.ts` starts it by unshare(1). What goes to the
 * address of the server passes `programs/network.py`, which loses, repeats, delays and reorders packets. So it needs no netem,
 * which many kernels lack.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { failure, terminate, WebSocket } from '#lib/entry/node.js'
import type { Kind } from '../../spec-tests/faults/dialogue.ts'
import { deviations, leftovers } from '../../spec-tests/faults/judge.ts'
import { FaultyPeer } from '../../spec-tests/faults/peer.ts'
import { runSchedules } from '../../spec-tests/faults/run.ts'
import { type Way, wayNames } from '../../spec-tests/faults/way.ts'
import { LEFT_OUT } from './namespace.ts'

/** What TCP makes good: each dialogue must end cleanly, with all messages. In percent and milliseconds, see `network.py`. */
const DISTURBANCES = [
  'delay=20 jitter=0',
  'loss=5',
  'duplicate=20',
  // Packets overtake each other.
  'delay=5 jitter=30',
  'loss=2 duplicate=5 delay=1 jitter=10',
]
const NOTHING_PASSES = 'loss=100'
const UNDISTURBED = 'loss=0'

/** The network goes away, at each stage of a connection. */
interface Loss {
  readonly name: string
  /** What comes of it. */
  readonly code: string
  lose(peer: FaultyPeer, way: Way): Promise<string>
}

const losses: readonly Loss[] = [
  {
    name: 'no answer to a SYN',
    code: 'WS_ERR_HANDSHAKE_TIMEOUT, code 1006',
    async lose(peer, way) {
      await setNetwork(NOTHING_PASSES)
      const socket = await connect(peer, way, { handshakeTimeout: 500 })
      return endOf(socket)
    },
  },
  {
    name: 'the link is down',
    code: 'WS_ERR_CONNECT, code 1006',
    async lose(peer, way) {
      const socket = await connect(peer, way, {}, () => execFileSync('ip', ['link', 'set', 'tun0', 'down']))
      const end = await endOf(socket)
      execFileSync('ip', ['link', 'set', 'tun0', 'up'])
      return end
    },
  },
  {
    name: 'silence while open',
    code: 'WS_ERR_HEARTBEAT_TIMEOUT, code 1006',
    async lose(peer, way) {
      const socket = await connect(peer, way, { heartbeat: { interval: 200, timeout: 300 } })
      await opened(socket)
      await setNetwork(NOTHING_PASSES)
      return endOf(socket)
    },
  },
  {
    name: 'silence while closing',
    code: 'WS_ERR_CLOSE_TIMEOUT, code 1006',
    async lose(peer, way) {
      const socket = await connect(peer, way, { closeTimeout: 500 })
      await opened(socket)
      await setNetwork(NOTHING_PASSES)
      socket.close(1000)
      return endOf(socket)
    },
  },
  {
    name: 'silence for a second, and the heartbeat waits longer',
    code: 'no failure, code 1000',
    async lose(peer, way) {
      const socket = await connect(peer, way, { heartbeat: { interval: 200, timeout: 20_000 } })
      await opened(socket)
      await setNetwork(NOTHING_PASSES)
      socket.send('through the hole')
      await sleep(1000)
      await setNetwork(UNDISTURBED)
      await new Promise<void>(resolve => {
        socket.addEventListener('message', ({ data }) => data === 'through the hole' && resolve())
      })
      socket.close(1000)
      return endOf(socket)
    },
  },
]

const short = process.argv.includes('--short')
const program = fileURLToPath(new URL('../../../scripts/faults/programs/network.py', import.meta.url))
const network: ChildProcess = spawn('python3', [program], { stdio: ['pipe', 'pipe', 'pipe'] })
const answers = createInterface(network.stdout!)[Symbol.asyncIterator]()
let problem = ''
network.stderr!.on('data', (text: Buffer) => {
  problem += text
})
network.on('error', error => {
  problem += error.message
})
if ((await answers.next()).done === true) {
  console.log(`the network needs Linux, Python 3, ip(8) and a TUN device: ${problem.trim()}`)
  process.exitCode = LEFT_OUT
} else await main()

/** The rules for all packets from now on. */
async function setNetwork(rules: string): Promise<void> {
  network.stdin!.write(`loss=0 duplicate=0 delay=0 jitter=0 ${rules}\n`)
  await answers.next()
}

async function main(): Promise<void> {
  const peer = await FaultyPeer.start(process.execPath, { listens: '10.9.0.1', reached: '10.9.0.2' })
  let wrong = 0
  console.log('| network | way | result |\n| --- | --- | --- |')
  const report = (name: string, way: Way, result: string, found: readonly string[]): void => {
    wrong += found.length
    console.log(`| ${name} | ${way} | ${result} |`)
    for (const text of found) console.error(`deviation, ${name}, ${way}: ${text}`)
  }
  for (const rules of short ? DISTURBANCES.slice(-1) : DISTURBANCES) {
    for (const way of short ? wayNames.slice(0, 1) : wayNames) {
      const { count, found } = await disturb(peer, rules, way)
      report(rules, way, `${count} dialogues, all messages in order, clean closes`, found)
    }
  }
  for (const way of short ? wayNames.slice(0, 1) : (['ws', 'wss'] as const)) {
    for (const { name, code, lose } of losses) {
      const found = await lose(peer, way)
      const isRight = found === code
      report(name, way, found, isRight ? [] : [`${found} instead of ${code}`])
    }
  }
  const left = await leftovers(/^(TCP|TLS|Timeout)/)
  await peer.close()
  network.stdin!.end()
  if (network.exitCode === null) await once(network, 'exit')
  console.log(`\n${wrong} deviations, left behind: ${left.join(', ') || 'nothing'}`)
  process.exitCode = wrong === 0 && left.length === 0 ? 0 : 1
}

async function disturb(peer: FaultyPeer, rules: string, way: Way): Promise<{ count: number; found: string[] }> {
  const found: string[] = []
  let count = 0
  const schedules = Array.from({ length: short ? 10 : 40 }, () => ({}))
  await setNetwork(rules)
  for (const kind of ['WebSocket', 'WebSocketStream'] satisfies Kind[]) {
    await runSchedules(peer, kind, way, schedules, outcome => {
      count++
      found.push(...deviations(outcome))
    })
  }
  await setNetwork(UNDISTURBED)
  return { count, found }
}

type Options = NonNullable<ConstructorParameters<typeof WebSocket>[1]>

/** @param before called when the peer is ready, right before the connection */
async function connect(peer: FaultyPeer, way: Way, options: Options & object, before?: () => void): Promise<WebSocket> {
  const route = await peer.route({}, way)
  before?.()
  return new WebSocket(route.url, { ...options, ...route.options })
}

function opened(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('close', () => reject(failure(socket)))
  })
}

/** How the connection ended. The network is as it should be thereafter. */
async function endOf(socket: WebSocket): Promise<string> {
  const late = setTimeout(() => terminate(socket), 30_000)
  const code = await new Promise<number>(resolve => socket.addEventListener('close', event => resolve(event.code)))
  clearTimeout(late)
  terminate(socket)
  await setNetwork(UNDISTURBED)
  return `${failure(socket)?.code ?? 'no failure'}, code ${code}`
}
