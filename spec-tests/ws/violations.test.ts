import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { event, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: a server that breaks the protocol', () => {
  const twins = useTwins()

  for (const [name, bytes, options] of [
    ['ill-formed UTF-8', frame(TEXT, Buffer.from([0xc3, 0x28]))],
    ['ill-formed UTF-8 behind a message', Buffer.concat([frame(TEXT, 'fine'), frame(TEXT, Buffer.from([0xff]))])],
    ['a message that is too big', frame(BINARY, Buffer.alloc(11)), { maxPayload: 10 }],
    [
      'fragments that are too big together',
      Buffer.concat([frame(BINARY, Buffer.alloc(6), { fin: false }), frame(CONTINUATION, Buffer.alloc(6))]),
      { maxPayload: 10 },
    ],
    [
      'too many fragments',
      Buffer.concat([
        frame(TEXT, 'a', { fin: false }),
        frame(CONTINUATION, 'b', { fin: false }),
        frame(CONTINUATION, 'c', { fin: false }),
        frame(CONTINUATION, 'd'),
      ]),
      { maxFragments: 2 },
    ],
    ['a reserved bit', frame(TEXT, 'x', { rsv: 1 })],
    ['a reserved opcode', frame(3, 'x')],
    ['a reserved opcode of a control frame', frame(0xb, 'x')],
    ['a masked frame', frame(TEXT, 'x', { mask: Buffer.from([1, 2, 3, 4]) })],
    ['a fragmented ping', frame(PING, 'x', { fin: false })],
    ['a long ping', frame(PING, 'x'.repeat(126))],
    ['a continuation of nothing', frame(CONTINUATION, 'x')],
    ['a message within another', Buffer.concat([frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')])],
    ['a close code that cannot be sent', frame(CLOSE, closeBody(1005))],
  ] as const) {
    twins(`fails at ${name}`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url, { perMessageDeflate: false, ...options })
      const opening = event(socket, 'open')
      const peer = await server.accept()
      await peer.accept()
      await opening
      twin.record(socket)
      socket.onerror = ({ error, message, type, target }) =>
        twin.log('event', type, target === socket, error.code, error.message === message)
      const failed = event(socket, 'error')
      await peer.write(bytes as Buffer)
      await failed
      const { opcode, payload } = await peer.readFrame()
      twin.log(opcode, Buffer.from(payload))
      peer.end()
      await event(socket, 'close')
    })
  }

  twins('fails at what is not DEFLATE', async twin => {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url)
    const opening = event(socket, 'open')
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
    await opening
    const failed = event(socket, 'error')
    await peer.write(frame(BINARY, Buffer.alloc(20, 0xff), { rsv: 4 }))
    const [error] = await failed
    twin.log(error.code, socket.readyState)
    twin.log(Buffer.from((await peer.readFrame()).payload))
    peer.end()
    await event(socket, 'close')
  })
})
