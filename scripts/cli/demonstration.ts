import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { WebSocketServer } from 'ws'
import {
  type CloseEvent,
  failure,
  install,
  type MessageEvent,
  ping,
  type WebSocket,
  type WebSocketConstructor,
} from '#lib/entry/node.js'
import { coloursFor } from './style.ts'
import { count, hexadecimal } from './text.ts'
import { version } from './version.ts'

const colours = coloursFor(process.stdout)

/** The messages to send, one after the other. Each must come back unchanged. */
const messages: readonly (string | Uint8Array<ArrayBuffer> | Blob)[] = [
  'Hello, WebSocket!',
  'Grüße, 你好, 👋',
  Uint8Array.of(0xca, 0xfe, 0xba, 0xbe),
  new Blob(['A Blob keeps its place ', 'in the order.']),
  new Uint8Array(1024 * 1024).fill(0x2a),
]

/**
 * Installs the package as `globalThis.WebSocket` and exchanges messages with an echo server in this process.
 *
 * @returns the exit code
 */
export async function demonstrate(): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'echo' })
  await once(server, 'listening')
  server.on('connection', peer => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })))
  try {
    return await exchange(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.close()
  }
}

async function exchange(url: string): Promise<number> {
  const host = globalThis as unknown as { WebSocket?: WebSocketConstructor }
  console.log(`${colours.bold(`whatwg-websocket ${version}`)} on ${runtime()}\n`)
  console.log(`globalThis.WebSocket was ${host.WebSocket === undefined ? 'not there' : "the runtime's own"}.`)
  console.log(colours.dim("import { install } from 'whatwg-websocket'"))
  console.log(colours.dim('install(globalThis, { override: true })\n'))
  install(globalThis, { override: true })

  const log = new Log()
  log.call('new WebSocket', `${url}, 'echo'`)
  const socket = new host.WebSocket!(url, 'echo')
  const closed = next<CloseEvent>(socket, 'close')
  socket.addEventListener('error', () => log.event('error', failure(socket)?.message ?? '', 'red'))
  const opened = await Promise.race([next(socket, 'open'), closed.then(() => undefined)])
  if (opened === undefined) return 1
  log.event('open', `protocol "${socket.protocol}", binaryType "${socket.binaryType}"`)

  let faithful = 0
  for (const message of messages) {
    log.call('send', await describe(message))
    const answered = next<MessageEvent>(socket, 'message')
    socket.send(message)
    const answer = await Promise.race([answered, closed.then(() => undefined)])
    if (answer === undefined) break
    log.event('message', await describe(answer.data))
    if (Buffer.compare(await bytesOf(message), await bytesOf(answer.data)) === 0) faithful++
    // The first binary message comes back as a Blob, the default; the others as an ArrayBuffer.
    if (answer.data instanceof Blob) socket.binaryType = 'arraybuffer'
  }

  if (socket.readyState === host.WebSocket!.OPEN) {
    log.call('ping', '"are you there?"')
    log.event('pong', `after ${(await ping(socket, 'are you there?')).toFixed(2)} ms`)
    log.call('close', '1000, "That was all"')
    socket.close(1000, 'That was all')
  }
  const { code, reason, wasClean } = await closed
  log.event('close', `code ${code}, reason "${reason}", wasClean ${wasClean}`, wasClean ? 'green' : 'red')

  const good = wasClean && faithful === messages.length
  console.log(`\n${faithful} of ${count(messages.length, 'message')} came back as sent.`)
  if (good) console.log(`Now talk to a server: ${colours.bold('npx whatwg-websocket wss://host/path')}`)
  return good ? 0 : 1
}

/** Prints calls and events, each with the time since the start. */
class Log {
  readonly #began = performance.now()

  call(name: string, detail: string): void {
    this.#line(colours.dim('→'), name, detail, 'cyan')
  }

  event(name: string, detail: string, colour: 'green' | 'red' = 'green'): void {
    this.#line(colours.dim('←'), name, detail, colour)
  }

  #line(arrow: string, name: string, detail: string, colour: 'cyan' | 'green' | 'red'): void {
    const time = `${(performance.now() - this.#began).toFixed(1)} ms`.padStart(10)
    console.log(`${colours.dim(time)}  ${arrow} ${colours[colour](name.padEnd(13))} ${detail}`)
  }
}

function runtime(): string {
  const { bun, deno, node } = process.versions
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node.js ${node}`
}

function next<Kind>(socket: WebSocket, type: string): Promise<Kind> {
  return new Promise(resolve => socket.addEventListener(type, resolve, { once: true }))
}

async function describe(message: unknown): Promise<string> {
  if (typeof message === 'string') return `text         ${JSON.stringify(message)}`
  const bytes = await bytesOf(message)
  const kind = Object.prototype.toString.call(message).slice(8, -1)
  return `${kind.padEnd(12)} ${count(bytes.length, 'byte')}: ${hexadecimal(bytes, 8)}`
}

async function bytesOf(message: unknown): Promise<Buffer> {
  if (typeof message === 'string') return Buffer.from(message)
  if (message instanceof Blob) return Buffer.from(await message.arrayBuffer())
  if (message instanceof ArrayBuffer) return Buffer.from(message)
  return Buffer.from(message as Uint8Array)
}
