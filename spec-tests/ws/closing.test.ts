import { CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { event, type Twin, thrown, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: the end of a connection', () => {
  const twins = useTwins()

  async function rawPair(twin: Twin, options = {}) {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url, options)
    const opening = event(socket, 'open')
    const peer = await server.accept()
    await peer.accept()
    await opening
    twin.record(socket)
    return { socket, peer }
  }

  for (const [code, reason] of [
    [undefined, undefined],
    [undefined, 'ignored'],
    [1000, undefined],
    [1000, ''],
    [1000, 'bye ä'],
    [1001, 'away'],
    [1011, Buffer.from('bytes')],
    [3000, 'x'.repeat(123)],
    [4999, 'mine'],
  ] as const) {
    twins(`closes with ${code} ${reason}`, async twin => {
      const server = await twin.loopback.serve()
      const socket = await twin.opened(server.url)
      twin.record(socket)
      socket.onclose = ({ code, reason, wasClean }) => twin.log('event', code, reason, wasClean)
      const peer = await server.accept()
      socket.close(code, reason as never)
      twin.log(socket.readyState)
      socket.close(4000, 'a second time')
      await event(socket, 'close')
      const closed = await peer.closed
      twin.log(closed.code, closed.reason)
    })
  }

  twins('refuses codes and reasons that cannot be sent', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, '1000', null]) {
      twin.log(
        code,
        thrown(() => socket.close(code as never)),
      )
    }
    twin.log(thrown(() => socket.close(1000, 'x'.repeat(124))))
    twin.log(thrown(() => socket.close(1000, 'ä'.repeat(62))))
    twin.log(thrown(() => socket.close(1000, [1, 2] as never)) instanceof TypeError)
    twin.log(socket.readyState)
  })

  for (const [code, reason] of [
    [1000, ''],
    [1001, 'going'],
    [4001, 'ä'],
    [undefined, ''],
  ] as const) {
    twins(`closes when the server does, with ${code} ${reason}`, async twin => {
      const server = await twin.loopback.serve()
      const socket = await twin.opened(server.url)
      twin.record(socket)
      const peer = await server.accept()
      peer.socket.send('before')
      peer.socket.close(code, reason)
      await event(socket, 'close')
      const closed = await peer.closed
      twin.log(closed.code, closed.reason, socket.readyState)
    })
  }

  twins('emits messages that arrive after close()', async twin => {
    const { socket, peer } = await rawPair(twin)
    socket.close(1000)
    await peer.readFrame()
    await peer.write(Buffer.concat([frame(TEXT, 'late'), frame(CLOSE, closeBody(1000))]))
    await event(socket, 'message')
    peer.end()
    await event(socket, 'close')
  })

  twins('answers a Close frame with its code', async twin => {
    const { socket, peer } = await rawPair(twin)
    await peer.send(CLOSE, closeBody(3001, 'why'))
    const { opcode, payload } = await peer.readFrame()
    twin.log(opcode, Buffer.from(payload))
    peer.end()
    await event(socket, 'close')
  })

  for (const [name, drop] of [
    ['ends TCP', 'end'],
    ['resets TCP', 'reset'],
  ] as const) {
    twins(`closes with 1006 and no error when the server ${name}`, async twin => {
      const { socket, peer } = await rawPair(twin)
      await peer.send(TEXT, 'last')
      await event(socket, 'message')
      peer[drop]()
      if (drop === 'end') peer.ended.catch(() => {})
      await event(socket, 'close')
      twin.log(socket.readyState)
    })
  }

  twins('closes with 1006 when the server does not answer within closeTimeout', async twin => {
    const { socket, peer } = await rawPair(twin, { closeTimeout: 50 })
    socket.close(1000)
    await event(socket, 'close')
    twin.log((await peer.readFrame()).opcode)
  })

  twins('gives up a connection that is not open yet', async twin => {
    const server = await twin.loopback.serveRaw()
    for (const end of ['close', 'terminate'] as const) {
      const socket = twin.open(server.url)
      twin.record(socket)
      socket[end]()
      twin.log(socket.readyState)
      await event(socket, 'close')
      const later = twin.open(server.url)
      twin.record(later)
      await server.accept()
      later[end]()
      await event(later, 'close')
    }
  })

  twins('gives up within a listener of "upgrade"', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    twin.record(socket)
    socket.on('upgrade', () => socket.close())
    await event(socket, 'close')
  })

  twins('closes within a listener of "open"', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    twin.record(socket)
    socket.on('open', () => socket.close(4000, 'at once'))
    await event(socket, 'close')
  })

  twins('terminates an open connection, one that closes, and one that is closed', async twin => {
    const { socket } = await rawPair(twin)
    socket.terminate()
    twin.log(socket.readyState)
    await event(socket, 'close')
    socket.terminate()
    socket.close()
    twin.log(socket.readyState)
    const { socket: closing } = await rawPair(twin)
    closing.close(1000)
    closing.terminate()
    await event(closing, 'close')
  })

  for (const end of ['close', 'terminate'] as const) {
    twins(`takes ${end}() of one that could not be opened`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url)
      twin.record(socket)
      socket.on('error', () => {
        twin.log(
          socket.readyState,
          thrown(() => socket[end]()),
        )
      })
      const closed = event(socket, 'close')
      const peer = await server.accept()
      await peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      await closed
    })

    twins(`takes ${end}() after it was closed while connecting`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url)
      twin.record(socket)
      const closed = event(socket, 'close')
      await server.accept()
      socket.close()
      twin.log(
        socket.readyState,
        thrown(() => socket[end]()),
      )
      await closed
    })
  }

  twins('terminates within a listener', async twin => {
    const { socket, peer } = await rawPair(twin)
    socket.on('message', () => socket.terminate())
    await peer.send(TEXT, 'go')
    await event(socket, 'close')
  })

  twins('sends what was sent before terminate', async twin => {
    const { socket, peer } = await rawPair(twin, { perMessageDeflate: false })
    const closed = event(socket, 'close')
    socket.send('still')
    socket.terminate()
    const { text } = await peer.readFrame()
    await closed
    twin.log(text)
  })

  twins('ends the process where nothing else keeps it', async twin => {
    const { socket, peer } = await rawPair(twin)
    twin.log(typeof (socket as any)._socket.unref, (socket as any)._socket.destroyed)
    peer.end()
    await event(socket, 'close')
    twin.log((socket as any)._socket.destroyed)
  })
})
