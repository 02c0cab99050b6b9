/** A client process: opens many connections, and prints what they cost as JSON. Runs on Node.js and on Bun. */

import process from 'node:process'
import { BROADCASTS, type Figures, OPENING_WIDTH, type Order } from './order.ts'

interface Socket {
  onopen: unknown
  onmessage: unknown
  onerror: unknown
  send(data: string): void
  close(): void
}
type SocketClass = new (url: string) => Socket

/** A package that has a WebSocket. Only ours has `configured`. */
interface Module {
  readonly WebSocket: SocketClass
  configured(options: object): SocketClass
}

const order = JSON.parse(process.argv[2]!) as Order
const SocketClass = await load(order.client)
await openInTurn(20)
const inTurn = await rate(order.inTurn, () => openInTurn(order.inTurn))
await collect()
const before = process.memoryUsage()
const sockets: Socket[] = []
const parallel = await rate(order.sockets, openAll)
await collect()
const after = process.memoryUsage()
const figures: Figures = {
  resident: (after.rss - before.rss) / order.sockets,
  heap: (after.heapUsed - before.heapUsed) / order.sockets,
  inTurn,
  parallel,
  ...(await broadcast()),
}
console.log(JSON.stringify(figures))
process.exit()

async function load(client: string): Promise<SocketClass> {
  if (client === 'builtin') return globalThis.WebSocket as unknown as SocketClass
  const modules: Record<string, string> = { ours: '#lib/entry/node.js', ws: 'ws', undici: 'undici' }
  const module = (await import(modules[client] ?? modules.ours!)) as Module
  // By default, ours has one opening handshake at a time for a host, as browsers have.
  return client in modules ? module.WebSocket : module.configured({ connectInParallel: true })
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new SocketClass(order.url)
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(new Error('A connection was refused'))
  })
}

async function openInTurn(count: number): Promise<void> {
  for (let index = 0; index < count; index++) (await open()).close()
}

async function openAll(): Promise<void> {
  const work = async (): Promise<void> => {
    while (started < order.sockets) {
      started++
      sockets.push(await open())
    }
  }
  let started = 0
  await Promise.all(Array.from({ length: OPENING_WIDTH }, work))
}

async function rate(count: number, run: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await run()
  return (count / (performance.now() - start)) * 1000
}

/**
 * Several broadcasts, the first of which finds code that has never run. The delay of the event loop is how late an interval of
 * 1 ms is: `monitorEventLoopDelay` is not on every runtime.
 */
async function broadcast(): Promise<Pick<Figures, 'broadcast' | 'delay' | 'longest'>> {
  const delays: number[] = []
  const times: number[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    delays.push(Math.max(0, now - last - 1))
    last = now
  }, 1)
  let onAll = (): void => {}
  let left = 0
  const onMessage = (): void => {
    if (--left === 0) onAll()
  }
  for (const socket of sockets) socket.onmessage = onMessage
  for (let round = 0; round < BROADCASTS; round++) {
    const start = performance.now()
    await new Promise<void>(resolve => {
      onAll = resolve
      left = sockets.length
      sockets[0]!.send('to all')
    })
    times.push(performance.now() - start)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  clearInterval(timer)
  return { broadcast: atQuantile(times, 0.5), delay: atQuantile(delays, 0.99), longest: atQuantile(delays, 1) }
}

function atQuantile(values: number[], quantile: number): number {
  values.sort((one, other) => one - other)
  return values[Math.min(values.length - 1, Math.floor(values.length * quantile))] ?? 0
}

async function collect(): Promise<void> {
  const { Bun, gc } = globalThis as { Bun?: { gc(sync: boolean): void }; gc?: () => void }
  for (let round = 0; round < 10; round++) {
    if (Bun === undefined) gc!()
    else Bun.gc(true)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
