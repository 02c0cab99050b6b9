import type { HostStreamState } from './stream-state.ts'

/** The property in which a WebSocketStream of ours keeps its state. Apart from the class, for programs that use no streams. */
export const streamSlot: unique symbol = Symbol('WebSocketStream state')

/** The state of a WebSocketStream of ours; undefined for anything else. */
export function findStreamState(stream: unknown): HostStreamState | undefined {
  return (stream as { [streamSlot]?: HostStreamState } | null | undefined)?.[streamSlot]
}
