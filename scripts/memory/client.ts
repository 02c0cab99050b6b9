/**
 * The client process whose memory is measured. Its reader takes one message per interval until the parent sends "fast", and then
 * reads at full speed; its writer always writes as fast as backpressure allows.
 */
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocketStream } from '#lib/entry/node.js'
import { peakResident, resetPeak } from './peak.ts'
import type { Order, Report } from './scenarios.ts'

const order = JSON.parse(process.argv[2]!) as Order
let bytes = 0

const stream = new WebSocketStream(order.url, order.insecure ? { tls: { rejectUnauthorized: false } } : {})
const { readable, writable } = await stream.opened
for (let round = 0; round < 5; round++) {
  globalThis.gc?.()
  await turn()
}
resetPeak()
report({ kind: 'idle', resident: process.memoryUsage.rss() })

let fast = false
let hurry = (): void => {}
const hurried = new Promise<void>(resolve => {
  hurry = resolve
})
process.on('message', () => {
  report({ kind: 'slow', bytes, peak: peakResident() })
  fast = true
  hurry()
})

if (order.direction === 'receive') await receive()
else await send()
report({ kind: 'done', bytes, peak: peakResident() })
stream.close()
await stream.closed
process.disconnect()

async function receive(): Promise<void> {
  for await (const message of readable) {
    bytes += message.length
    if (bytes === order.total) return
    if (!fast) await pause()
  }
}

/** Writes as fast as backpressure allows. In this direction it is the server that is slow. */
async function send(): Promise<void> {
  const writer = writable.getWriter()
  for (let message = 0; message < order.total / order.size; message++) {
    await writer.ready
    const written = writer.write(new Uint8Array(order.size).fill(message))
    void written.then(() => {
      bytes += order.size
    })
  }
  await writer.ready
  writer.releaseLock()
}

/** Waits until the next message is due, or the parent has sent "fast". */
async function pause(): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const due = new Promise<void>(resolve => {
    timer = setTimeout(resolve, order.interval)
  })
  await Promise.race([due, hurried])
  clearTimeout(timer)
}

function report(message: Report): void {
  process.send!(message)
}
