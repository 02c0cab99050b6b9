import { createContext, runInContext } from 'node:vm'

/*
 * Runs a bundle in a global scope with no more than what it needs of React Native's: a WebSocket, which notes its arguments, and
 * timers. It has neither DOMException nor Event, URL or streams, which older versions lack.
 *
 * The scope is a script, so that the JavaScript engine of React Native can run it as well. It has no syntax that Hermes does not
 * know without Babel.
 */

/** Behaves as React Native's: events without `wasClean`, and an error with a message. */
const SCOPE = `var made = []
globalThis.WebSocket = function WebSocket(url, protocols, options) {
  this.url = url
  this.protocols = protocols
  this.options = options
  this.readyState = 0
  this.onerror = null
  this.listeners = {}
  made.push(this)
}
WebSocket.prototype.addEventListener = function (type, listener) {
  this.listeners[type] = (this.listeners[type] || []).concat([listener])
}
WebSocket.prototype.dispatchEvent = function (event) {
  (this.listeners[event.type] || []).forEach(function (listener) { listener(event) })
  if (event.type === 'error' && this.onerror) this.onerror(event)
  return true
}
WebSocket.prototype.close = function () {
  this.readyState = 2
};
`

/** Fails the sockets that the bundle has made. */
const END = `
made.forEach(function (socket) {
  socket.readyState = 3
  socket.dispatchEvent({ type: 'error', message: 'Connection refused' })
  socket.dispatchEvent({ type: 'close', code: 1006, reason: '' })
})
`

/** @returns what the bundle has put on the global array `told`, once its socket has failed */
export function runInReactNative(bundle: string): string[] {
  const scope: Record<string, unknown> = { setTimeout, clearTimeout, console }
  scope.globalThis = scope
  runInContext(SCOPE + bundle + END, createContext(scope))
  return scope.told as string[]
}

/** A script for Hermes itself, which prints what `runInReactNative` returns, as JSON. */
export function scriptForHermes(bundle: string): string {
  return `${SCOPE}${bundle}${END}\nprint(JSON.stringify(told))\n`
}
