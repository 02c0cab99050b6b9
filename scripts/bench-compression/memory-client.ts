import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { drained, WebSocket } from '#lib/entry/node.js'
import type { MemoryScenario } from './memory.ts'

/* Opens connections, exchanges messages as the scenario says, and prints the resident KiB per connection. */

const COUNT = 400

const [, , port, json] = process.argv
const { perMessageDeflate, sends, receives } = JSON.parse(json!) as MemoryScenario
const collect = (globalThis as unknown as { gc(): void }).gc

/** Resident memory in KiB, after garbage collections. */
async function resident(): Promise<number> {
  for (let count = 0; count < 5; count++) {
    collect()
    await sleep(20)
  }
  return process.memoryUsage().rss / 1024
}

async function open(): Promise<WebSocket> {
  const path = receives ? 'receives' : ''
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${path}`, { perMessageDeflate })
  await new Promise(resolve => {
    if (receives) socket.onmessage = resolve
    else socket.onopen = resolve
  })
  if (sends) socket.send('a message of ours '.repeat(57))
  await drained(socket)
  return socket
}

async function close(socket: WebSocket): Promise<void> {
  await new Promise(resolve => {
    socket.onclose = resolve
    socket.close()
  })
}

async function openAll(count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = []
  while (sockets.length < count) sockets.push(await open())
  return sockets
}

// Warm-up: the first connections allocate what all connections share.
const first = await openAll(20)
await Promise.all(first.map(close))
const before = await resident()
const sockets = await openAll(COUNT)
console.log(((await resident()) - before) / sockets.length)
process.exit()
