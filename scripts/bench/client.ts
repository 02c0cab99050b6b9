/**
 * One measurement: runs a scenario with an implementation and prints what it took as JSON. Works on Node.js, Bun and
 * Deno, so it uses what they share.
 */
import { messagesOf } from './payloads.ts'
import { runRaw } from './raw-client.ts'
import { scenarios } from './scenarios.ts'

/** The part of a WebSocket that is used here. */
interface Socket {
  binaryType: string
  bufferedAmount: number
  onopen: unknown
  onmessage: ((event: { data: any }) => void) | null
  onerror: unknown
  onclose: unknown
  send(data: unknown): void
  close(): void
}
type SocketClass = new (url: string, options?: unknown) => Socket
type StreamClass = new (
  url: string,
  options?: unknown,
) => {
  opened: Promise<{ readable: AsyncIterable<unknown>; writable: any }>
}

/** What a measurement found. Times are per counted message. */
export interface Measurement {
  /** Microseconds of CPU, user and system. */
  cpu?: number
  /** Microseconds of wall time. */
  wall?: number
  /** Bytes of memory, per connection or of the whole import. */
  memory?: number
  /** Milliseconds: the 50th and the 99th percentile of the event loop's delay. */
  delay50?: number
  delay99?: number
}

const [implementation, modulePath, scenarioName, port, securePort] = process.argv.slice(2)
const scenario = scenarios.find(({ name }) => name === scenarioName)!
const warmUp = Math.ceil(scenario.count / 10)
const messages = messagesOf(scenario)
const origin = scenario.secure ? `wss://127.0.0.1:${securePort}` : `ws://127.0.0.1:${port}`
const url = `${origin}/${encodeURIComponent(scenario.name)}`

let startCpu = { user: 0, system: 0 }
let startWall = 0

function begin(): void {
  startCpu = process.cpuUsage()
  startWall = performance.now()
}

function end(): Measurement {
  const { user, system } = process.cpuUsage(startCpu)
  return { cpu: (user + system) / scenario.count, wall: ((performance.now() - startWall) * 1000) / scenario.count }
}

async function load(): Promise<{ WebSocket: SocketClass; WebSocketStream: StreamClass }> {
  if (implementation === 'native') return globalThis as never
  const module = await import(modulePath!)
  return {
    WebSocket: module.WebSocket ?? module.default.WebSocket ?? module.default,
    ...pick(module, 'WebSocketStream'),
  }
}

function pick(module: any, name: string): any {
  return { [name]: module[name] ?? module.default?.[name] }
}

function check(data: unknown, index: number): void {
  const expected = messages[index % messages.length]!
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : (data as string | Uint8Array)
  const same =
    typeof bytes === 'string' || typeof expected === 'string'
      ? bytes === expected
      : bytes.length === expected.length && bytes.every((byte, at) => byte === expected[at])
  if (!same) fail(`message ${index} is not what was sent`)
}

function fail(message: string): never {
  console.error(`${implementation}, ${scenario.name}: ${message}`)
  process.exit(1)
}

function open(WebSocket: SocketClass): Promise<Socket> {
  return new Promise(resolve => {
    const socket = new WebSocket(url)
    socket.binaryType = scenario.binaryType ?? 'arraybuffer'
    socket.onerror = () => fail('the connection failed')
    socket.onopen = () => resolve(socket)
  })
}

async function receive(WebSocket: SocketClass): Promise<Measurement> {
  const socket = await open(WebSocket)
  const histogram = scenario.delay ? await delayHistogram() : undefined
  const { size } = scenario
  return new Promise(resolve => {
    let received = 0
    socket.onmessage = ({ data }) => {
      const index = received++
      // Text has as many units as bytes, but for the mixed one.
      if (index < messages.length && scenario.binaryType !== 'blob') check(data, index)
      else if (typeof data !== 'string' && (data.byteLength ?? data.size) !== size) fail('a message has a wrong length')
      if (received === warmUp) begin()
      else if (received === warmUp + scenario.count) {
        resolve(histogram === undefined ? end() : histogram())
      }
    }
    socket.send('go')
  })
}

/** Starts to watch the event loop; what comes back ends it. */
async function delayHistogram(): Promise<() => Measurement> {
  const { monitorEventLoopDelay } = await import('node:perf_hooks')
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  return () => ({ delay50: histogram.percentile(50) / 1e6, delay99: histogram.percentile(99) / 1e6 })
}

/** A task of its own. */
const nextTurn = (callback: () => void): unknown =>
  typeof setImmediate === 'function' ? setImmediate(callback) : setTimeout(callback)

async function send(WebSocket: SocketClass): Promise<Measurement> {
  const socket = await open(WebSocket)
  const batch = scenario.batch!
  const limit = Math.max(4 * 1024 * 1024, scenario.size * batch)
  const phase = (count: number): Promise<void> =>
    new Promise(resolve => {
      socket.onmessage = () => resolve()
      let sent = 0
      const turn = (): void => {
        for (let index = 0; index < batch && sent < count; index++) socket.send(messages[sent++ % messages.length])
        if (sent === count) return
        if (socket.bufferedAmount > limit) setTimeout(turn, 1)
        else nextTurn(turn)
      }
      turn()
    })
  socket.onclose = () => fail('the server did not like a message')
  await phase(warmUp)
  begin()
  await phase(scenario.count)
  return end()
}

async function echo(WebSocket: SocketClass): Promise<Measurement> {
  const socket = await open(WebSocket)
  return new Promise(resolve => {
    const total = warmUp + scenario.count
    let received = 0
    let sent = 0
    socket.onmessage = ({ data }) => {
      if (received < messages.length) check(data, received)
      received++
      if (received === warmUp) begin()
      if (received === total) resolve(end())
      else if (sent < total) socket.send(messages[sent++ % messages.length])
    }
    for (; sent < scenario.batch!; sent++) socket.send(messages[sent % messages.length])
  })
}

async function connect(WebSocket: SocketClass): Promise<Measurement> {
  const one = async (): Promise<void> => {
    const socket = await open(WebSocket)
    await new Promise(resolve => {
      socket.onclose = resolve
      socket.close()
    })
  }
  for (let index = 0; index < warmUp; index++) await one()
  begin()
  for (let index = 0; index < scenario.count; index++) await one()
  return end()
}

/** Connections that do nothing: bytes of resident memory, and microseconds to open, for each. */
async function idle(WebSocket: SocketClass): Promise<Measurement> {
  const sockets: Socket[] = []
  const openSome = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 100) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(WebSocket)))))
    }
  }
  await openSome(warmUp)
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {})
  collect()
  const before = process.memoryUsage().rss
  begin()
  await openSome(scenario.count)
  const measurement = end()
  collect()
  return { ...measurement, memory: (process.memoryUsage().rss - before) / scenario.count }
}

async function streamReceive(WebSocketStream: StreamClass): Promise<Measurement> {
  const { readable, writable } = await new WebSocketStream(url).opened
  await writable.getWriter().write('go')
  let received = 0
  for await (const message of readable) {
    if (received < messages.length) check(message, received)
    if (++received === warmUp) begin()
    else if (received === warmUp + scenario.count) break
  }
  return end()
}

async function streamSend(WebSocketStream: StreamClass): Promise<Measurement> {
  const { readable, writable } = await new WebSocketStream(url).opened
  const writer = writable.getWriter()
  const answers = (readable as any).getReader()
  const phase = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      await writer.ready
      void writer.write(messages[index % messages.length])
    }
    if ((await answers.read()).done) fail('the server did not like a message')
  }
  await phase(warmUp)
  begin()
  await phase(scenario.count)
  return end()
}

async function measure(): Promise<Measurement> {
  if (scenario.kind === 'import') {
    const memory = process.memoryUsage().rss
    begin()
    await load()
    return { ...end(), memory: process.memoryUsage().rss - memory }
  }
  if (implementation === 'raw') {
    await runRaw(scenario, Number(port), warmUp, begin)
    return end()
  }
  const { WebSocket, WebSocketStream } = await load()
  switch (scenario.kind) {
    case 'receive':
      return receive(WebSocket)
    case 'send':
      return send(WebSocket)
    case 'echo':
      return echo(WebSocket)
    case 'connect':
      return connect(WebSocket)
    case 'idle':
      return idle(WebSocket)
    case 'stream-receive':
      return streamReceive(WebSocketStream)
    case 'stream-send':
      return streamSend(WebSocketStream)
  }
}

console.log(JSON.stringify(await measure()))
process.exit()
