/*
 * A client whose clocks a test changes: prints its events, "jumped" when a clock has, and obeys the lines of its input. Runs on
 * Node.js, Bun and Deno.
 */

import process from 'node:process'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers'
import type { WebSocketOptions } from '#lib/entry/node.js'
import { bundledEntry } from '../support/root.ts'

const { failure, WebSocket }: typeof import('#lib/entry/node.js') = await import(bundledEntry)

const [, , url, json] = process.argv
/** Milliseconds beyond which a step of a clock is a jump, and no slow machine. */
const JUMP = 60_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const socket = new WebSocket(url!, JSON.parse(json!) as WebSocketOptions)
socket.onopen = () => say('open')
socket.onmessage = ({ data }) => say(`message ${data}`)
socket.onclose = ({ code, wasClean }) => say(`close ${code} ${wasClean} ${failure(socket)?.code ?? ''}`.trim())

const orders: Record<string, () => void> = {
  send: () => socket.send('hello'),
  close: () => socket.close(1000),
  /** The same in a process whose turns of the event loop are long. Prints how many there were until the end. */
  'close busily': () => {
    let turns = 0
    const work = (): void => {
      turns++
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      if (socket.readyState === socket.CLOSED) say(`turns ${turns}`)
      else setImmediate(work)
    }
    work()
    socket.close(1000)
  },
}
createInterface(process.stdin)
  .on('line', order => orders[order]!())
  .on('close', () => process.exit())

let last = readClocks()
setInterval(() => {
  const now = readClocks()
  const difference = Math.max(Math.abs(now.wall - last.wall), now.monotonic - last.monotonic)
  last = now
  if (difference > JUMP) say('jumped')
}, 20)

/** Both clocks from before a jump, or both from after it: a jump between the two readings would count twice. */
function readClocks(): { wall: number; monotonic: number } {
  for (;;) {
    const before = Date.now()
    const monotonic = performance.now()
    const wall = Date.now()
    if (Math.abs(wall - before) < JUMP) return { wall, monotonic }
  }
}
