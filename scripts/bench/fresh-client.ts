/**
 * The client process that measures what a program pays once: an import, or all from its start to the first open connection. It is
 * not part of client.ts, whose own imports would already have loaded parts of the runtime, which then would not be counted.
 */
import process from 'node:process'
import { begin, collectGarbage, end, fail, finish, type Measurement } from './measuring.ts'

type SocketClass = new (url: string) => { onopen: unknown; onerror: unknown }

const [implementation, modulePath, scenarioName, port, securePort] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]

finish(
  await (scenarioName === 'import' ? measureImport() : measureFirstOpen()).catch(error =>
    fail('failed', String(error)),
  ),
)

async function measureImport(): Promise<Measurement> {
  collectGarbage()
  const before = process.memoryUsage().rss
  begin()
  await import(modulePath)
  const measurement = end(1)
  collectGarbage()
  return { ...measurement, memory: process.memoryUsage().rss - before }
}

/** The import counts as well: what one client loads then, another loads when it connects. */
async function measureFirstOpen(): Promise<Measurement> {
  const isSecure = scenarioName.includes('wss')
  begin()
  if (implementation === 'raw') await openBareSocket(isSecure)
  else {
    const WebSocket = await loadClass()
    await new Promise((resolve, reject) => {
      const scheme = isSecure ? 'wss' : 'ws'
      const socket = new WebSocket(
        `${scheme}://127.0.0.1:${isSecure ? securePort : port}/${encodeURIComponent(scenarioName)}`,
      )
      socket.onopen = resolve
      socket.onerror = () => reject(new Error('the connection failed'))
    })
  }
  return end(1)
}

async function loadClass(): Promise<SocketClass> {
  if (implementation === 'native') return (globalThis as unknown as { WebSocket: SocketClass }).WebSocket
  const module = await import(modulePath)
  return module.WebSocket ?? module.default.WebSocket ?? module.default
}

/** The same request, and the first bytes of the answer. */
async function openBareSocket(isSecure: boolean): Promise<void> {
  const address = { port: Number(isSecure ? securePort : port), host: '127.0.0.1' }
  const socket = isSecure ? (await import('node:tls')).connect(address) : (await import('node:net')).connect(address)
  socket.write(
    `GET /${encodeURIComponent(scenarioName)} HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  await new Promise((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
  })
}
