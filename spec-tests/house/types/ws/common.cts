/** What a program that is CommonJS writes with the stand-in for ws: the module is the class. */

import Ws = require('whatwg-websocket/ws')

import { createWebSocketStream, type RawData, WebSocket } from 'whatwg-websocket/ws'

const socket: Ws = new Ws('ws://example.com', { handshakeTimeout: 10 })
socket.on('message', (data: RawData) => data.toString())
const options: Ws.ClientOptions = { followRedirects: true }
const other = new Ws.WebSocket('ws://example.com', options)
const third = new WebSocket('ws://example.com')
createWebSocketStream(third).end()
Ws.createWebSocketStream(socket).end()
class Derived extends Ws {}
const states: number[] = [Ws.OPEN, socket.CLOSED, other.readyState, new Derived('ws://example.com').bufferedAmount]
socket.send(states.join())
