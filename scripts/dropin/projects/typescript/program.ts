// In CommonJS or an ES module, as the settings say.
import DefaultWebSocket, { type CloseEvent, WebSocket } from 'whatwg-websocket'
import 'whatwg-websocket/polyfill'
import { memoryPair } from 'whatwg-websocket/transport/memory'

const socket = new WebSocket('ws://x/', { headers: { a: 'b' } })
socket.onmessage = event => console.log(event.data, event.origin)
socket.onclose = (event: CloseEvent) => console.log(event.code)
export const same: typeof WebSocket = DefaultWebSocket
export const pair = memoryPair()
// @ts-expect-error: no such option
new WebSocket('ws://x/', { header: {} })
