/** node main.js [URL]: prints ten quotes. Without a URL, a server is started that drops its connections. */
import { WebSocket as ReconnectingSocket } from 'partysocket'
import { configured } from 'whatwg-websocket'

const address = process.argv[2]
const server = address === undefined ? await (await import('./server.js')).startServer() : undefined
const WANTED = 10

let last = 0
let connections = 0

// Each new connection asks for what comes after the last quote that was seen.
const socket = new ReconnectingSocket(() => `${address ?? server.url}?after=${last}`, [], {
  WebSocket: configured({ heartbeat: { interval: 5_000, timeout: 2_000 }, handshakeTimeout: 5_000 }),
  minReconnectionDelay: 50,
  maxReconnectionDelay: 5_000,
})

socket.addEventListener('open', () => connections++)
socket.addEventListener('message', ({ data }) => {
  const { number, symbol, price } = JSON.parse(data)
  if (number <= last) return // Seen before the connection was lost.
  if (number !== last + 1) console.log(`MISSED ${number - last - 1}`)
  last = number
  console.log(`${number} ${symbol} ${price.toFixed(2)}`)
  if (number === WANTED) leave()
})

function leave() {
  console.log(connections > 1 ? 'The connection was lost, and made again.' : 'The connection held.')
  socket.close()
  server?.close()
}
