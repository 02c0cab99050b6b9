import { createRequire } from 'node:module'
import process from 'node:process'
import { failure, WebSocket } from 'whatwg-websocket'
import { memoryPair } from 'whatwg-websocket/transport/memory'

const require = createRequire(import.meta.url)
if (process.versions.pnp === undefined) throw new Error('This is not run by PnP')
if (require('whatwg-websocket').WebSocket !== WebSocket) throw new Error('import gives another class than require')
if (require('whatwg-websocket/transport/memory').memoryPair !== memoryPair) throw new Error('so does the transport')
const socket = new WebSocket('ws://127.0.0.1:1/')
socket.onclose = () => console.log(`# ${failure(socket).code}, PnP ${process.versions.pnp}`)
