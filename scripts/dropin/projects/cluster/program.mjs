import cluster from 'node:cluster'
import { once } from 'node:events'
import { WebSocket } from 'whatwg-websocket'
import { exchange } from './exchange.cjs'

const url = process.argv.at(-1)
if (cluster.isPrimary) {
  const workers = [1, 2].map(() => cluster.fork())
  const messages = workers.map(worker => once(worker, 'message'))
  const exits = workers.map(worker => once(worker, 'exit'))
  const events = new Set((await Promise.all(messages)).map(([text]) => text))
  for (const [exitCode] of await Promise.all(exits)) if (exitCode !== 0) events.add(`exit code ${exitCode}`)
  events.add(await exchange(WebSocket, url))
  console.log(...events)
} else {
  process.send(await exchange(WebSocket, url), () => cluster.worker.disconnect())
}
