import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib'

/** The payload of a compressed message (RFC 7692 section 7.2.1): DEFLATE to a byte border, its last four bytes left out. */
export function compress(content: string | Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(content, { ...options, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}
