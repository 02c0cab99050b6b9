import { DATA, Http2FrameReader } from '../support/http2-frames.ts'
import { type Way, ways } from './way.ts'

/** What a SOCKS 5 proxy answers before the tunnel (RFC 1928): the method, then the reply with an IPv4 address. */
const SOCKS_ANSWERS = 2 + 10

/** Whole data messages among the bytes that a client got. Undefined over TLS. The server fragments nothing. */
export function countMessages(bytes: Buffer, way: Way): number | undefined {
  const { secure, http2, proxy } = ways[way]
  if (secure) return undefined
  if (http2) {
    const frames = new Http2FrameReader('server').read(bytes).filter(({ type }) => type === DATA)
    return countFrames(Buffer.concat(frames.map(({ payload }) => payload)))
  }
  const tunnelled = proxy === 'http' ? afterHead(bytes) : proxy === 'socks5' ? bytes.subarray(SOCKS_ANSWERS) : bytes
  return countFrames(afterHead(tunnelled))
}

/** What comes behind the head of a response. */
function afterHead(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  return bytes.subarray(end < 0 ? bytes.length : end + 4)
}

/** Whole WebSocket frames that are no control frames. */
function countFrames(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]!
    if (short === 126 && at + 4 > bytes.length) break
    const end = short === 126 ? at + 4 + bytes.readUInt16BE(at + 2) : at + 2 + short
    if (end > bytes.length) break
    if ((bytes[at]! & 15) < 8) count++
    at = end
  }
  return count
}
