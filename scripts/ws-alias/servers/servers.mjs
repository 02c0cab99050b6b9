/** Starts the servers, over ws itself, and sends their ports to the parent process. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { Aedes } from 'aedes'
import { Router } from 'jszmq'
import * as socketCluster from 'socketcluster-server'
import { createWebSocketStream, WebSocketServer } from 'ws'

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}

async function serve(onConnection, options = {}) {
  const http = createServer()
  new WebSocketServer({ server: http, ...options }).on('connection', onConnection)
  return listen(http)
}

const broker = await Aedes.createBroker()
const mqtt = await serve((socket, request) => broker.handle(createWebSocketStream(socket), request), {
  handleProtocols: protocols => [...protocols][0],
})

const echo = await serve(socket => socket.on('message', (data, binary) => socket.send(data, { binary })))

/** The Chrome DevTools Protocol: each command has its number as the answer. */
const devtools = await serve(socket => {
  socket.on('message', data => {
    const { id, method } = JSON.parse(data)
    socket.send(JSON.stringify({ id, result: { method } }))
  })
})

/** SignalR's JSON protocol: a handshake, and one invocation that is answered. */
const signalr = await serve(socket => {
  socket.on('message', data => {
    for (const text of String(data).split('\x1e').filter(Boolean)) {
      const { protocol, invocationId, target } = JSON.parse(text)
      if (protocol !== undefined) socket.send('{}\x1e')
      if (invocationId !== undefined) socket.send(`${JSON.stringify({ type: 3, invocationId, result: target })}\x1e`)
    }
  })
})

const clusterHttp = createServer()
const cluster = socketCluster.attach(clusterHttp)
;(async () => {
  for await (const { socket } of cluster.listener('connection')) {
    ;(async () => {
      for await (const request of socket.procedure('double')) request.end(request.data * 2)
    })()
  }
})()
const socketcluster = await listen(clusterHttp)

const router = new Router()
const zmqHttp = createServer()
const zmq = await listen(zmqHttp)
router.bind(`ws://127.0.0.1:${zmq}/zmq`, zmqHttp)
router.on('message', (id, message) => router.send([id, `${message} back`]))

process.send({ mqtt, echo, devtools, signalr, socketcluster, zmq })
