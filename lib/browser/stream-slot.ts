import type { ConnectionError } from '../protocol/errors.ts'
import type { HostStreamState } from './stream-state.ts'

/** The property in which a WebSocketStream of ours keeps its state. Apart from the class, for programs that use no streams. */
export const streamSlot: unique symbol = Symbol('WebSocketStream state')

/** The state of a WebSocketStream of ours; undefined for anything else. */
export function findStreamState(stream: unknown): HostStreamState | undefined {
  return (stream as { [streamSlot]?: HostStreamState } | null | undefined)?.[streamSlot]
}

/** The failures of streams of the host that the class of this package has made. In this file for the same reason as `streamSlot`. */
export const hostStreamFailures: WeakMap<object, ConnectionError> = new WeakMap()
