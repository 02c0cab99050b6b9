/** The values of `readyState`. @see https://websockets.spec.whatwg.org/#concept-websocket-ready-state */
export const CONNECTING = 0
export const OPEN = 1
export const CLOSING = 2
export const CLOSED = 3

/** The names of these values, for people. */
export const STATE_NAMES: readonly string[] = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']
