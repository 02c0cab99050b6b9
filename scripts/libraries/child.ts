/* Runs the row that its first argument names, by the global class if its second one is "global", and tells its parent how it went. */

import process from 'node:process'
import { configured, failure, WebSocket } from '#lib/entry/node.js'
import { startServer } from '../servers/running.ts'
import { bundle, load } from './packages.ts'
import type { Outcome, Row, Trip } from './row.ts'

/** What our class saw: the proof that the library used it and nothing else. */
const seen = { opened: 0, messages: 0 }
const sockets: WebSocket[] = []

const [, , file, way] = process.argv
const { row } = (await import(`./rows/${file}.js`)) as { row: Row }
const Base = (row.defaults === undefined ? WebSocket : configured(row.defaults)) as unknown as typeof WebSocket

class Watched extends Base {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given)
    sockets.push(this)
    this.addEventListener('open', () => seen.opened++)
    this.addEventListener('message', () => seen.messages++)
  }
}
// Libraries look at the name.
Object.defineProperty(Watched, 'name', { value: 'WebSocket' })

const closers: (() => unknown)[] = []
const trip: Trip = {
  WebSocket: Watched as unknown as Trip['WebSocket'],
  option: way === 'global' ? undefined : (Watched as unknown as Trip['WebSocket']),
  sockets,
  load,
  bundle,
  after: close => void closers.unshift(close),
  async start() {
    const { server } = row
    if (typeof server === 'string' || !('started' in server))
      throw new Error('The row has no server that can be started')
    const running = await startServer(server.file ?? '', server.started, 0)
    closers.unshift(running.stop)
    return running
  },
}

if (way === 'global') {
  Object.defineProperty(globalThis, 'WebSocket', { value: Watched, writable: true, configurable: true })
} else Reflect.deleteProperty(globalThis, 'WebSocket')

let problem: string | undefined
process.on('uncaughtException', error => void end(describe(error)))
process.on('unhandledRejection', error => void end(describe(error)))
process.on('message', () => void end('there is no end'))
try {
  await row.run(trip)
  if (seen.opened === 0) problem = `it did not use our class: ${sockets.length} sockets, none of them opened`
  else if (seen.messages === 0) problem = 'our class received no message'
} catch (error) {
  problem = describe(error)
}
await end(problem)

function describe(error: unknown): string {
  const why = sockets.map(socket => failure(socket)?.message).filter(message => message !== undefined)
  return [error instanceof Error ? (error.stack ?? error.message) : String(error), ...why].join('\n')
}

/** Closes what the row has opened, and tells how it went. */
async function end(problem: string | undefined): Promise<void> {
  for (let close = closers.shift(); close !== undefined; close = closers.shift()) {
    try {
      await close()
    } catch (error) {
      problem ??= describe(error)
    }
  }
  const outcome: Outcome = { problem, sockets: sockets.length, messages: seen.messages }
  process.send!(outcome, () => process.exit())
}
