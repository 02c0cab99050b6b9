/** Clients that get the stand-in in place of ws, by the overrides of the project. */

import { createRequire } from 'node:module'
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import CDP from 'chrome-remote-interface'
import IsomorphicWebSocket from 'isomorphic-ws'
import mqtt from 'mqtt'
import StandIn from 'whatwg-websocket/ws'
import WebSocket, { WebSocketServer } from 'ws'

const ports = JSON.parse(process.env.PORTS)
const required = createRequire(import.meta.url)('ws')

/** How many sockets of ours were made: each library is to make one. */
let made = 0
const { emit } = StandIn.prototype
StandIn.prototype.emit = function (name, ...values) {
  if (name === 'open') made++
  return emit.call(this, name, ...values)
}

function show(name, value) {
  console.log(`${name} ${value} by ${made} of ours`)
  made = 0
}

console.log(`one class ${WebSocket === StandIn && required === StandIn && IsomorphicWebSocket === StandIn}`)
try {
  new WebSocketServer({ port: 0 })
} catch (error) {
  console.log(`WebSocketServer ${/"ws" itself/.test(error.message) ? 'names ws' : error.message}`)
}

const socket = new IsomorphicWebSocket(`ws://127.0.0.1:${ports.echo}`)
const echoed = await new Promise(resolve => {
  socket.onopen = () => socket.send('hello')
  socket.onmessage = ({ data }) => resolve(data)
})
socket.close()
show('isomorphic-ws', echoed)

const client = await mqtt.connectAsync(`ws://127.0.0.1:${ports.mqtt}`)
await client.subscribeAsync('topic')
const received = new Promise(resolve => client.on('message', (topic, payload) => resolve(`${topic} ${payload}`)))
await client.publishAsync('topic', 'x'.repeat(10), { qos: 1 })
show('mqtt', await received)
await client.endAsync()

const devtools = await CDP({ target: `ws://127.0.0.1:${ports.devtools}/devtools`, local: true })
show('chrome-remote-interface', (await devtools.Runtime.evaluate({ expression: '1' })).method)
await devtools.close()

const hub = new HubConnectionBuilder()
  .withUrl(`http://127.0.0.1:${ports.signalr}`, { skipNegotiation: true, transport: HttpTransportType.WebSockets })
  .configureLogging(LogLevel.None)
  .build()
await hub.start()
show('@microsoft/signalr', await hub.invoke('method'))
await hub.stop()
