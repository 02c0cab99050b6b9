import type { DeflateOffer } from '../../protocol/extensions.ts'
import type { CompressionSettings } from '../../protocol/message-compressor.ts'
import { integer, invalid, type Reader, type Readers, readBoolean, readMembers } from './reading.ts'

/** Compression. */
export interface Options {
  /** Offers permessage-deflate, as all browsers do, and says how to compress; false does not offer it. Default: true. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
}

/** How messages are compressed (RFC 7692). */
export interface PerMessageDeflateOptions {
  /** Messages of fewer bytes than this are sent uncompressed. Default: 64. */
  readonly threshold?: number
  /** zlib's compression level, 0 to 9. Default: 1, which costs a third of 6 for messages about a fifth larger. */
  readonly level?: number
  /** zlib's memory level for compression, 1 to 9. Default: 8. */
  readonly memLevel?: number
  /** Asks the server to compress each message by itself: less memory on both sides, larger messages. Default: false. */
  readonly serverNoContextTakeover?: boolean
  /** Compresses each message by itself. Default: false. */
  readonly clientNoContextTakeover?: boolean
  /** Limits the server's window, and so our memory for receiving, to 2 to this power in bytes; 8 to 15. Default: no limit. */
  readonly serverMaxWindowBits?: number
  /**
   * Limits our own window to 2 to this power in bytes, 8 to 15; true lets the server limit it, false does not. Default:
   * true.
   */
  readonly clientMaxWindowBits?: number | boolean
}

export interface Settings {
  /** Undefined: the extension is not offered. */
  readonly perMessageDeflate: DeflateSettings | undefined
}

/** What to offer to the server, and how to compress once it has accepted. */
export interface DeflateSettings extends DeflateOffer, CompressionSettings {}

export const readers: Readers<Settings> = { perMessageDeflate: readPerMessageDeflate }

const readWindowBits: Reader<number> = integer({ lowest: 8, highest: 15 })

const members: Readers<DeflateSettings> = {
  threshold: integer({ fallback: 64 }),
  level: integer({ highest: 9, fallback: 1 }),
  memLevel: integer({ lowest: 1, highest: 9, fallback: 8 }),
  serverNoContextTakeover: readBoolean,
  clientNoContextTakeover: readBoolean,
  serverMaxWindowBits: (value, name) => (value === undefined ? undefined : readWindowBits(value, name)),
  clientMaxWindowBits(value = true, name) {
    return typeof value === 'boolean' ? value : readWindowBits(value, name)
  },
}

/** What is offered without the option: one object for all sockets, each of which would hold 0.5 KiB of its own. */
const DEFAULTS: DeflateSettings = readMembers({}, '', members)

function readPerMessageDeflate(value: unknown = true, name: string): DeflateSettings | undefined {
  if (typeof value === 'boolean') return value ? DEFAULTS : undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'a boolean or an object')
  return readMembers(value, name, members)
}
