import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface Http2Front {
  readonly url: string
  close(): Promise<void>
}

/**
 * A server of HTTP/2 (RFC 8441) in front of one of HTTP/1.1: each of its streams is a connection of its own to that one, whose
 * bytes behind the response head it passes on.
 *
 * @param port of the server of HTTP/1.1, on loopback
 */
export async function startHttp2Front(port: number): Promise<Http2Front> {
  const server = createServer({ settings: { enableConnectProtocol: true } })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => forward(stream, headers, connect(port, '127.0.0.1')))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, socket: Socket): void {
  stream.on('error', () => {})
  socket.on('error', () => {})
  stream.on('close', () => socket.destroy())
  socket.write(
    [
      `GET ${headers[':path']} HTTP/1.1`,
      'Host: front.test',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Extensions: ${headers['sec-websocket-extensions']}`,
      '\r\n',
    ].join('\r\n'),
  )
  let read = Buffer.alloc(0)
  const onData = (bytes: Buffer): void => {
    read = Buffer.concat([read, bytes])
    const end = read.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', onData)
    const extensions = /^sec-websocket-extensions: *(.*)$/im.exec(read.toString('latin1', 0, end))?.[1]
    stream.respond({ ':status': 200, ...(extensions && { 'sec-websocket-extensions': extensions }) })
    stream.write(read.subarray(end + 4))
    socket.pipe(stream).pipe(socket)
  }
  socket.on('data', onData)
}
