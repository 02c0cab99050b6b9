import { type Readers, readBoolean } from './reading.ts'

/** Help to find out what happens on a connection. */
export interface Options {
  /**
   * Prints the handshake, the frames and the state changes of the socket to the console's standard error, and makes the stack of
   * its failure lead to where it was constructed. Default: false, or true where `NODE_DEBUG` contains "websocket".
   */
  readonly debug?: boolean
}

export type Settings = Required<Options>

export const readers: Readers<Settings> = { debug: readBoolean }
