/**
 * The client process of one measurement: runs a scenario with an implementation and prints the figures as JSON. It runs on
 * Node.js, Bun and Deno, so it uses only what all three have.
 */
import { createRequire } from 'node:module'
import process from 'node:process'
import { checkExtensions, fail, finish, type Measurement } from './measuring.ts'
import { runRaw } from './raw-client.ts'
import { findScenario } from './scenarios.ts'
import { measureSockets, type SocketClass } from './socket-client.ts'
import { measureStreams, type StreamClass } from './stream-client.ts'

const [implementation, modulePath, scenarioName, port, securePort] = process.argv.slice(2)
const scenario = findScenario(scenarioName!)!
const origin = scenario.secure ? `wss://127.0.0.1:${securePort}` : `ws://127.0.0.1:${port}`
const url = `${origin}/${encodeURIComponent(scenario.name)}`

async function load(): Promise<{ WebSocket: SocketClass; WebSocketStream: StreamClass }> {
  if (implementation === 'native') return globalThis as never
  const module = await import(modulePath!)
  if (implementation === 'ws') checkAddons()
  return {
    WebSocket: module.WebSocket ?? module.default.WebSocket ?? module.default,
    WebSocketStream: module.WebSocketStream ?? module.default?.WebSocketStream,
  }
}

/** Checks that ws uses its native addons if and only if the target says so: it falls back to JavaScript silently. */
function checkAddons(): void {
  const wanted = process.env.WS_NO_BUFFER_UTIL === undefined
  const loaded = Object.keys(createRequire(import.meta.url).cache).some(path => /bufferutil.*\.node$/.test(path))
  if (wanted !== loaded) fail('failed', `the native bufferutil is ${loaded ? '' : 'not '}loaded`)
}

async function measure(): Promise<Measurement> {
  if (implementation === 'raw') return runRaw(scenario, Number(scenario.secure ? securePort : port))
  const { WebSocket, WebSocketStream } = await load()
  if (scenario.kind.startsWith('stream')) return measureStreams(scenario, WebSocketStream, url)
  return measureSockets(scenario, WebSocket, url, ({ extensions }) => checkExtensions(scenario, extensions))
}

finish(await measure().catch(error => fail('failed', String(error))))
