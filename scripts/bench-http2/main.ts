/**
 * Compares WebSockets over HTTP/2 with those over HTTP/1.1, both over TLS, and both also through an HTTP proxy: sockets a second and
 * memory of many sockets, and messages a second. A short run, whose numbers are for docs/transports.md. The server is a process of its
 * own, and so is the proxy.
 */
import { spawn, spawnSync } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { generate } from 'selfsigned'
import { failure, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'

/** The ways, and what the table calls them. */
const ways = {
  http2: 'HTTP/2',
  http1: 'HTTP/1.1',
  'http2-proxy': 'HTTP/2 through a proxy',
  'http1-proxy': 'HTTP/1.1 through a proxy',
} as const
type WayName = keyof typeof ways

const usage = `npm run --silent build && node build/scripts/bench-http2/main.js [options]

  --sockets N   sockets that are opened and held (10000 over HTTP/2, 2000 over HTTP/1.1)
  --way NAME    measures this way alone: ${Object.keys(ways).join(', ')}
  --help        prints this`

const { values, positionals } = parseArgs({
  options: { sockets: { type: 'string' }, way: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
})
const measurements: Readonly<Record<string, (url: string, options: WebSocketOptions) => Promise<unknown>>> = {
  'receive, 16 B, messages a second': (url, options) => receive(url, options, 200_000, 16),
  'receive, 1 MiB, messages a second': (url, options) => receive(url, options, 300, 2 ** 20),
  'echo, 16 B, round trips a second': (url, options) => echo(url, options, 5000, 16),
  'echo, 1 MiB, round trips a second': (url, options) => echo(url, options, 100, 2 ** 20),
  'open one after the other': (url, options) => openAll(url, options, 1000),
  'open and hold': (url, options) => openAll(url, { ...options, connectInParallel: true }, Number(values.sockets)),
}

if (values.help) console.log(usage)
else if (positionals.length > 0) await measure(positionals as [string, string, string])
else await main()

/** Runs each measurement in a process of its own, whose memory is fresh. */
async function main(): Promise<void> {
  const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  const server = await start('server.js', JSON.stringify({ key: pem.private, cert: pem.cert }))
  const proxy = await start('proxy.js')
  for (const name of Object.keys(measurements)) {
    for (const way of Object.keys(ways) as WayName[]) {
      if (values.way !== undefined && values.way !== way) continue
      const protocol = way.startsWith('http2') ? 'http2' : 'http1'
      const count = values.sockets ?? (protocol === 'http2' ? '10000' : '2000')
      const words = [way, name, `wss://localhost:${server.ports[protocol]}`, '--sockets', count]
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, BENCH_CA: pem.cert, BENCH_PROXY: `http://localhost:${proxy.ports.proxy}` },
      })
      process.stdout.write(`${name}, ${ways[way]}: ${stdout}`)
    }
  }
  server.stop()
  proxy.stop()
}

/** Starts a program that prints its ports as JSON. */
async function start(file: string, ...args: string[]): Promise<{ ports: Record<string, number>; stop(): void }> {
  const program = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>(resolve => createInterface(child.stdout).once('line', resolve))
  return { ports: JSON.parse(line) as Record<string, number>, stop: () => child.kill() }
}

async function measure([way, name, url]: [way: string, name: string, url: string]): Promise<void> {
  const options: WebSocketOptions = {
    http2: way.startsWith('http2') ? 'only' : false,
    proxy: way.endsWith('-proxy') ? process.env.BENCH_PROXY! : false,
    tls: { ca: process.env.BENCH_CA! },
    perMessageDeflate: false,
  }
  console.log(await measurements[name]!(url, options))
  process.exit()
}

function open(url: string, options: WebSocketOptions): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options)
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(failure(socket))
  })
}

async function receive(url: string, options: WebSocketOptions, count: number, size: number): Promise<number> {
  const socket = await open(`${url}/?count=${count}&size=${size}`, options)
  socket.binaryType = 'arraybuffer'
  const start = performance.now()
  let received = 0
  await new Promise<void>(resolve => {
    socket.onmessage = () => {
      if (++received === count) resolve()
    }
    socket.send('go')
  })
  return perSecond(count, start, socket)
}

async function echo(url: string, options: WebSocketOptions, count: number, size: number): Promise<number> {
  const socket = await open(`${url}/`, options)
  socket.binaryType = 'arraybuffer'
  const bytes = new Uint8Array(size)
  const start = performance.now()
  for (let sent = 0; sent < count; sent++) {
    await new Promise(resolve => {
      socket.onmessage = resolve
      socket.send(bytes)
    })
  }
  return perSecond(count, start, socket)
}

function perSecond(count: number, start: number, socket: WebSocket): number {
  const rate = Math.round((count / (performance.now() - start)) * 1000)
  socket.close()
  return rate
}

/** Opens sockets, at most a hundred at a time, and holds them. */
async function openAll(url: string, options: WebSocketOptions, count: number): Promise<string> {
  const sockets: WebSocket[] = []
  // The first socket loads TLS and what else all of them share.
  sockets.push(await open(`${url}/`, options))
  const before = memory()
  const start = performance.now()
  let left = count
  const work = async (): Promise<void> => {
    while (left-- > 0) sockets.push(await open(`${url}/`, options))
  }
  await Promise.all(Array.from({ length: 100 }, work))
  const rate = Math.round((count / (performance.now() - start)) * 1000)
  await new Promise(resolve => setTimeout(resolve, 500))
  const kibibytes = ((memory() - before) / count / 1024).toFixed(1)
  return `${count} sockets, ${rate} a second, ${kibibytes} KiB each`
}

/** Resident memory, behind a collection. */
function memory(): number {
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  return process.memoryUsage().rss
}
