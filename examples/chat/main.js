/**
 * node main.js [NAME] [URL]: sends the lines that you type, and shows what all say. Without a URL it starts a server, which others can
 * join.
 */
import { createInterface } from 'node:readline'
import { failure, WebSocket } from 'whatwg-websocket'

const [name = 'Ann', address] = process.argv.slice(2)
const server = address === undefined ? await (await import('./server.js')).startServer() : undefined
const url = address ?? server.url
if (server !== undefined) console.error(`Others join by: npm start -- NAME ${url}`)

// A server that has vanished is noticed within 40 seconds.
const socket = new WebSocket(url, { heartbeat: { interval: 30_000, timeout: 10_000 }, maxPayload: 64 * 1024 })
/** What we said and have not heard yet. */
let unheard = 0
let isLeaving = false

socket.onopen = () => {
  const terminal = createInterface({ input: process.stdin })
  terminal.on('line', text => {
    if (text === '') return
    unheard++
    socket.send(JSON.stringify({ user: name, text }))
  })
  terminal.on('close', () => {
    isLeaving = true
    leaveIfAllIsSaid()
  })
}
socket.onmessage = ({ data }) => {
  const { user, text } = JSON.parse(data)
  console.log(`${user}: ${text}`)
  if (user === name) unheard--
  leaveIfAllIsSaid()
}
socket.onerror = () => {
  console.error(failure(socket).message)
  process.exitCode = 1
}
socket.onclose = () => {
  process.stdin.unref?.()
  server?.close()
}

function leaveIfAllIsSaid() {
  if (isLeaving && unheard === 0) socket.close(1000)
}
