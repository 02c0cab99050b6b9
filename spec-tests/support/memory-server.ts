import { createHash } from 'node:crypto'
import type { Pipe } from '#lib/transport/pipe.js'

/*
 * A server at the other end of a pipe, for tests that want each write to arrive as one chunk.
 */

/** Takes a pipe as the server's: the head of the request, and when the client has ended its side. */
export function requestFrom(pipe: Pipe): { readonly head: Promise<string>; readonly ended: Promise<void> } {
  let onEnd!: () => void
  const ended = new Promise<void>(resolve => {
    onEnd = resolve
  })
  const head = new Promise<string>(resolve => {
    let text = ''
    pipe.start({
      data(bytes) {
        text += Buffer.from(bytes).toString('latin1')
        const end = text.indexOf('\r\n\r\n')
        if (end >= 0) resolve(text.slice(0, end + 4))
      },
      drain() {},
      end: onEnd,
      close() {},
    })
  })
  return { head, ended }
}

/** The bytes of a 101 that fits the request. */
export function acceptanceFor(head: string): Buffer {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)![1]!
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  return Buffer.from(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
}
