import { subscribe } from 'node:diagnostics_channel'
import type { WireFrame } from '#lib/codec/frame-scanner.js'
import type { Direction } from '#lib/protocol/watched-pipe.js'
import type { HeaderList } from '#lib/transport/pipe.js'

/** The request of an opening handshake, its credentials masked. */
export interface Request {
  readonly target: string
  readonly headers: HeaderList
}

export interface Response {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
}

export interface Frame extends WireFrame {
  readonly direction: Direction
  /** As of `Date.now()`. */
  readonly time: number
}

/** Is told what is on the wire of one connection, below the WebSocket API. */
export interface Watcher {
  request(request: Request): void
  response(response: Response): void
  /** Undefined if nobody looks at frames, which then cost nothing. */
  readonly frame?: ((frame: Frame) => void) | undefined
}

const watchers = new WeakMap<object, Watcher>()
/** The channels that are subscribed to. Without a watcher there is none, and the library publishes nothing. */
const subscribed = new Set<string>()

/** Calls `construct`, and has the connection that it makes watched. */
export function watched<Socket extends object>(watcher: Watcher, construct: () => Socket): Socket {
  listen<{ request: Request }>('request', (of, { request }) => of.request(request))
  listen<{ response: Response }>('handshake', (of, { response }) => of.response(response))
  if (watcher.frame !== undefined) listen<Frame>('frame', (of, frame) => of.frame?.(frame))
  const socket = construct()
  watchers.set(socket, watcher)
  return socket
}

function listen<Report>(channel: string, tell: (watcher: Watcher, report: Report) => void): void {
  if (subscribed.has(channel)) return
  subscribed.add(channel)
  subscribe(`whatwg-websocket:${channel}`, report => {
    const watcher = watchers.get((report as { socket: object }).socket)
    if (watcher !== undefined) tell(watcher, report as Report)
  })
}
