import { createHash } from 'node:crypto'

/** The value of Sec-WebSocket-Accept that answers this key (RFC 6455 section 4.2.2). */
export function acceptValueFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/**
 * The bytes of a 101 that answers a request.
 *
 * @param head the head of the request
 * @param extraLines header lines besides those that every 101 has
 */
export function acceptanceFor(head: string, ...extraLines: readonly string[]): Buffer {
  const key = /^sec-websocket-key: *(\S+)\r$/im.exec(head)?.[1]
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptValueFor(key ?? '')}`,
    ...extraLines,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}
