import 'whatwg-websocket/globals'

const socket = new WebSocket('ws://x/')
socket.onclose = event => console.log(event.code.toFixed())
export const open: number = WebSocket.OPEN
export const state: number = socket.readyState
export const code = (event: CloseEvent): number => event.code
export const message = new MessageEvent('message', { data: 1 })
export const stream: WebSocketStream = new WebSocketStream('ws://x/')
export const error: WebSocketError = new WebSocketError('text')
