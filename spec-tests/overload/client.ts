/** A client under a load, in a process of its own, whose memory is measured: prints a `Figures` as JSON. */

import process from 'node:process'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { WebSocket } from '#lib/entry/node.js'
import { bundledEntry } from '../support/root.ts'

const lib: typeof import('#lib/entry/node.js') = await import(bundledEntry)
const { drained, failure, terminate, WebSocketStream } = lib

/** What a load did. Bytes of memory are above those before the load. */
export interface Figures {
  readonly messages: number
  readonly bytes: number
  /** The peak of the resident memory, looked up often. */
  readonly peak: number
  /** Memory of buffers once all is over and garbage was collected. */
  readonly left: number
  readonly note: string
}

const MEBIBYTE = 1024 * 1024
/** Nobody wakes who waits at it. */
const sleeper = new Int32Array(new SharedArrayBuffer(4))
const [, , load, url] = process.argv as [string, string, string, string]
const loads: Readonly<Record<string, (url: string) => Promise<Partial<Figures>>>> = {
  receiveSlowly,
  receivePings,
  sendToDeafPeer,
  sendWithLimit,
  streamToDeafPeer,
}

await warmUp()
const before = process.memoryUsage()
let peak = before.rss
const figures = await loads[load]!(url)
look()
for (let round = 0; round < 5; round++) {
  globalThis.gc!()
  await turn()
}
const left = process.memoryUsage().arrayBuffers - before.arrayBuffers
console.log(JSON.stringify({ messages: 0, bytes: 0, note: '', ...figures, peak: peak - before.rss, left }))
process.exit()

function look(): void {
  peak = Math.max(peak, process.memoryUsage.rss())
}

/** Code that is compiled and read buffers that are touched are no matter of a load. */
async function warmUp(): Promise<void> {
  const socket = await open()
  terminate(socket)
  globalThis.gc!()
}

async function open(options = {}): Promise<WebSocket> {
  const socket = new lib.WebSocket(url, { perMessageDeflate: false, ...options })
  socket.binaryType = 'arraybuffer'
  await new Promise(resolve => socket.addEventListener('open', resolve))
  return socket
}

/** A listener that takes longer for each message than the server. */
async function receiveSlowly(): Promise<Partial<Figures>> {
  const socket = await open()
  let messages = 0
  let bytes = 0
  socket.onmessage = ({ data }) => {
    messages++
    bytes += data.byteLength
    // The thread sleeps, so that slowness costs no CPU time.
    Atomics.wait(sleeper, 0, 0, 0.1)
    if (messages % 64 === 0) look()
  }
  socket.send('go')
  await new Promise(resolve => socket.addEventListener('close', resolve))
  return { messages, bytes, note: failure(socket)?.code ?? 'closed cleanly' }
}

async function receivePings(): Promise<Partial<Figures>> {
  const socket = await open()
  let messages = 0
  socket.onmessage = () => {
    messages++
    look()
  }
  socket.send('go')
  await new Promise(resolve => socket.addEventListener('close', resolve))
  return { messages, note: failure(socket)?.code ?? 'closed cleanly' }
}

async function sendToDeafPeer(): Promise<Partial<Figures>> {
  const socket = await open()
  const message = new Uint8Array(64 * 1024)
  let bytes = 0
  for (let messages = 0; messages < 7630; messages++) {
    socket.send(message)
    bytes += message.length
    if (messages % 256 === 0) {
      look()
      await turn()
    }
  }
  look()
  const waited = drained(socket).then(
    () => 'drained',
    error => error.code,
  )
  const { bufferedAmount } = socket
  terminate(socket)
  await new Promise(resolve => socket.addEventListener('close', resolve))
  return { messages: bufferedAmount, bytes, note: await waited }
}

async function sendWithLimit(): Promise<Partial<Figures>> {
  const socket = await open({ maxBufferedAmount: MEBIBYTE })
  const message = new Uint8Array(64 * 1024)
  let bytes = 0
  const refusals = new Set<string>()
  for (let messages = 0; messages < 7630; messages++) {
    try {
      socket.send(message)
      bytes += message.length
    } catch (error) {
      refusals.add((error as Error).name)
    }
    if (messages % 256 === 0) {
      look()
      await turn()
    }
  }
  const { bufferedAmount } = socket
  terminate(socket)
  return { messages: bufferedAmount, bytes, note: [...refusals].join() }
}

async function streamToDeafPeer(): Promise<Partial<Figures>> {
  const stream = new WebSocketStream(url, { perMessageDeflate: false })
  const { writable } = await stream.opened
  const writer = writable.getWriter()
  let bytes = 0
  const writing = (async () => {
    for (let messages = 0; messages < 7630; messages++) {
      await writer.ready
      writer.write(new Uint8Array(64 * 1024)).catch(() => {})
      bytes += 64 * 1024
    }
  })()
  const end = performance.now() + 1000
  while (performance.now() < end) {
    look()
    await sleep(2)
  }
  terminate(stream)
  await writing.catch(() => {})
  return { bytes }
}
