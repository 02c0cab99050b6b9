// With the types of a host that has no DOM: what it has is taken as its own.
import { WebSocket } from 'whatwg-websocket'

export function use(signal: AbortSignal, url: URL, blob: Blob): void {
  const socket = new WebSocket(url, { signal, baseURL: url, headers: new Headers({ a: 'b' }) })
  socket.send(blob)
  socket.send(Buffer.from('bytes'))
  const target: EventTarget = socket
  target.addEventListener('open', (event: Event) => event.type)
  socket.onopen = (event: Event) => event.timeStamp
}
