import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { WebSocket } from 'whatwg-websocket'
import { exchange } from './exchange.cjs'

if (isMainThread) {
  const url = process.argv.at(-1)
  const start = stays => new Worker(new URL(import.meta.url), { workerData: { url, stays } })
  const workers = [1, 2, 3].map(() => start(false))
  const messages = workers.map(worker => once(worker, 'message'))
  const events = new Set((await Promise.all(messages)).map(([text]) => text))
  await Promise.all(workers.map(worker => worker.threadId === -1 || once(worker, 'exit')))
  // A thread that is terminated takes its socket along.
  const staying = start(true)
  await once(staying, 'message')
  await staying.terminate()
  console.log(...events)
} else if (workerData.stays) {
  const socket = new WebSocket(workerData.url)
  socket.onopen = () => parentPort.postMessage('open')
} else {
  parentPort.postMessage(await exchange(WebSocket, workerData.url))
}
