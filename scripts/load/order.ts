/** What a client process has to do. */
export interface Order {
  /** `ours`, `ours with connectInParallel`, `ws`, `undici`, or `builtin` for the runtime's own class. */
  readonly client: string
  readonly url: string
  /** Connections that are opened in parallel and held; and those that are opened one at a time before. */
  readonly sockets: number
  readonly inTurn: number
}

/** What it measured. */
export interface Figures {
  /** Bytes of resident memory, and of the heap, for each connection. */
  readonly resident: number
  readonly heap: number
  /** Connections a second, one at a time, and with many under way as far as the client allows that. */
  readonly inTurn: number
  readonly parallel: number
  /** Milliseconds from a broadcast until the last connection had its message: the median of the broadcasts. */
  readonly broadcast: number
  /** Milliseconds: the 99th percentile of the delay of the event loop in all broadcasts, and its longest delay. */
  readonly delay: number
  readonly longest: number
}

/** Connections that are being opened at a time: more would only wait in the backlog of the server. */
export const OPENING_WIDTH = 256

/** Broadcasts of which the delay of the event loop is taken. */
export const BROADCASTS = 20
