// Our types are the DOM's, both ways: where a library asks for one, the other can be given.
import * as ours from 'whatwg-websocket'

export function instances(own: ours.WebSocket, dom: WebSocket): [WebSocket, ours.WebSocket] {
  return [own, dom]
}
export function closeEvents(own: ours.CloseEvent, dom: CloseEvent): [CloseEvent, ours.CloseEvent] {
  return [own, dom]
}
export function messageEvents(own: ours.MessageEvent, dom: MessageEvent): [MessageEvent, ours.MessageEvent] {
  return [own, dom]
}
export function typedMessageEvents(
  own: ours.MessageEvent<string>,
  dom: MessageEvent<string>,
): [MessageEvent<string>, ours.MessageEvent<string>] {
  return [own, dom]
}

export const classes: (typeof WebSocket)[] = [ours.WebSocket, ours.configured({})]
export const ownClasses: (typeof ours.WebSocket)[] = [WebSocket]
export const closeClasses: (typeof CloseEvent)[] = [ours.CloseEvent]
export const ownCloseClasses: (typeof ours.CloseEvent)[] = [CloseEvent]
export const messageClasses: (typeof MessageEvent)[] = [ours.MessageEvent]

/** A library written against the DOM. */
declare function library(Class: typeof WebSocket, socket: WebSocket, onclose: (event: CloseEvent) => void): void
library(ours.WebSocket, new ours.WebSocket('wss://host.test/'), (event: ours.CloseEvent) => event.code)

/** A library written against this package. */
declare function ownLibrary(socket: ours.WebSocket, onclose: (event: ours.CloseEvent) => void): void
ownLibrary(new WebSocket('wss://host.test/'), (event: CloseEvent) => event.code)

export function handlers(socket: ours.WebSocket): void {
  socket.onmessage = (event: MessageEvent<string>) => event.data.length
  socket.onclose = (event: CloseEvent) => event.code
  socket.onerror = (event: Event) => event.timeStamp
  socket.addEventListener('close', (event: CloseEvent) => event.wasClean)
  const target: EventTarget = socket
  const event: Event = new ours.CloseEvent('close')
  target.dispatchEvent(event)
  socket.send(new Blob(['blob']))
  new ours.WebSocket(new URL('wss://host.test/'), { signal: AbortSignal.timeout(1000), headers: new Headers() })
}

globalThis.WebSocket = ours.WebSocket
globalThis.CloseEvent = ours.CloseEvent

// @ts-expect-error: they are not so wide that anything goes
export const wrong: WebSocket = new ours.CloseEvent('close')
// @ts-expect-error: nor the other way
export const wrongToo: ours.CloseEvent = new Event('close')
