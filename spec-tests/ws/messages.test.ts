import { runInNewContext } from 'node:vm'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import StandIn from '#lib/entry/ws.js'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { useLoopback } from '../support/ws-server.ts'
import { type Client, called, event, type Twin, thrown, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: messages', () => {
  const twins = useTwins()
  const loopback = useLoopback()

  /** Everything that the server gets until a text message "end", in one line each. */
  async function received(twin: Twin, script: (socket: Client) => unknown, options = {}): Promise<void> {
    const server = await twin.loopback.serve({ perMessageDeflate: true })
    const socket = await twin.opened(server.url, options)
    const peer = await server.accept()
    await script(socket)
    socket.send('end')
    for (;;) {
      const { data, isBinary, text } = await peer.message()
      if (text === 'end') return
      twin.log(isBinary ? 'binary' : 'text', isBinary ? data : text)
    }
  }

  async function rawPair(twin: Twin, ...args: unknown[]) {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url, ...(args as []))
    const opening = event(socket, 'open')
    const peer = await server.accept()
    await peer.accept()
    await opening
    return { socket, peer }
  }

  twins('gives text and binary messages as Buffers', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    twin.record(socket)
    const { socket: peer } = await server.accept()
    peer.send('text ä €')
    peer.send('')
    peer.send(Buffer.from([1, 2, 3]))
    peer.send(Buffer.alloc(0))
    peer.send('x'.repeat(100_000))
    peer.send(Buffer.alloc(100_000, 7))
    peer.close()
    await event(socket, 'close')
  })

  for (const binaryType of ['nodebuffer', 'arraybuffer', 'fragments', 'blob', 'other'] as const) {
    for (const perMessageDeflate of [false, true]) {
      const name = `gives binary messages as binaryType "${binaryType}" says`
      twins(perMessageDeflate ? `${name}, from compressed ones` : name, async twin => {
        const server = await twin.loopback.serve({ perMessageDeflate: { threshold: 0 } })
        const socket = await twin.opened(server.url, { perMessageDeflate })
        socket.binaryType = binaryType as never
        twin.log(socket.binaryType)
        twin.record(socket)
        const { socket: peer } = await server.accept()
        peer.send(Buffer.from('whole'))
        peer.send('text')
        peer.send('one', { fin: false, binary: true })
        peer.send('', { fin: false })
        peer.send('two', { fin: false })
        peer.send('three', { fin: true })
        peer.send('te', { fin: false, binary: false })
        peer.send('xt', { fin: true })
        peer.send(Buffer.from('last'))
        peer.close()
        await event(socket, 'close')
      })
    }
  }

  twins('gives the fragments of a message of more than 1 MiB', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    socket.binaryType = 'fragments'
    socket.on('message', data => twin.log((data as Buffer[]).map(part => `${part.length} of ${part[0]}`)))
    const { socket: peer } = await server.accept()
    for (let part = 1; part <= 4; part++) peer.send(Buffer.alloc(700_000 + part, part), { fin: part === 4 })
    await event(socket, 'message')
  })

  twins('can change binaryType between messages', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    twin.record(socket)
    const { socket: peer } = await server.accept()
    for (const binaryType of ['arraybuffer', 'fragments', 'nodebuffer'] as const) {
      socket.binaryType = binaryType
      peer.send(Buffer.from(binaryType))
      await event(socket, 'message')
    }
  })

  twins('sends every kind of data', twin =>
    received(twin, async socket => {
      socket.send('text ä')
      socket.send('')
      socket.send(12.5)
      socket.send(0)
      socket.send(Buffer.from('buffer'))
      socket.send(new Uint8Array([1, 2]).buffer)
      socket.send(new DataView(new ArrayBuffer(4), 1, 2))
      socket.send(new Uint16Array([258]))
      socket.send([1, 2, 3])
      socket.send(null as never)
      socket.send(undefined as never)
      socket.send(false as never)
      twin.log(thrown(() => socket.send({} as never)))
      twin.log(thrown(() => socket.send(true as never)))
      socket.send(new Blob(['blob']))
      socket.send('after the Blob')
    }),
  )

  twins('sends by the options', twin =>
    received(twin, socket => {
      socket.send('text as bytes', { binary: true })
      socket.send(Buffer.from('bytes as text ä'), { binary: false })
      socket.send(Buffer.from('x'.repeat(3000)), { binary: false })
      socket.send('y'.repeat(3000), { compress: false })
      socket.send('z'.repeat(3000), { compress: true })
      socket.send(Buffer.alloc(200_000, 1))
      socket.send('compressed not', { compress: false })
      socket.send('fragment one, ', { fin: false })
      socket.send('two, ', { fin: false, binary: true })
      socket.send(Buffer.from('three'))
      socket.send(Buffer.from([1]), { fin: false })
      socket.send(Buffer.from([2]), { fin: true })
      socket.send(new Blob(['blob ']), { fin: false })
      socket.send(new Blob(['in two']), { fin: true })
      socket.send('last', { mask: true })
    }),
  )

  twins('sends frames as the options say', async twin => {
    const { socket, peer } = await rawPair(twin, { perMessageDeflate: false })
    socket.send('a', { fin: false })
    socket.send('b', { fin: false, binary: true })
    socket.send(Buffer.alloc(70_000), { fin: true })
    socket.send('c')
    socket.ping('ping')
    socket.pong('pong')
    socket.ping()
    socket.pong(Buffer.from('bytes'))
    socket.ping(12)
    for (let index = 0; index < 9; index++) {
      const { opcode, fin, rsv, masked, payload } = await peer.readFrame()
      twin.log(opcode, fin, rsv, masked, Buffer.from(payload))
    }
  })

  twins('compresses unless told not to', async twin => {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url)
    const opening = event(socket, 'open')
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
    await opening
    twin.log(socket.extensions)
    const text = 'long enough '.repeat(200)
    for (const options of [{}, { compress: false }, { compress: true }, { binary: false }]) {
      socket.send(Buffer.from(text), options)
      const { rsv, opcode } = await peer.readFrame()
      twin.log(rsv, opcode)
    }
    const compressed = deflateRawSync(Buffer.from(text))
    await peer.write(frame(BINARY, compressed, { rsv: 4 }))
    twin.log(...(await event(socket, 'message')))
  })

  it('sends of bytes what their slots say, unlike ws, which sends as much as an object says of itself', async () => {
    const server = await loopback.serveRaw()
    const socket = new StandIn(server.url, { perMessageDeflate: false })
    const opened = event(socket as never, 'open')
    const peer = await server.accept()
    await peer.accept()
    await opened
    const define = (bytes: object, members: Record<string, unknown>) =>
      Object.defineProperties(
        bytes,
        Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value }])),
      )
    const liars = [
      define(new Uint8Array([97]), { length: 5000 }),
      define(Buffer.from('b'), {
        length: 70,
        byteLength: 70,
        buffer: new ArrayBuffer(99),
        subarray: () => Buffer.alloc(9),
      }),
      define(new DataView(new Uint8Array([99]).buffer), { byteLength: 8, buffer: new ArrayBuffer(99) }),
      runInNewContext('Object.defineProperty(new Uint8Array([100]), "length", { value: 5000 })'),
    ]
    for (const liar of liars) {
      socket.send(liar)
      socket.ping(liar)
    }
    for (const text of ['a', 'b', 'c', 'd']) {
      for (const opcode of [BINARY, PING]) expect(await peer.readFrame()).to.include({ opcode, text })
    }
    socket.close(1000, define(Buffer.from('why'), { length: 100, byteLength: 100 }) as Buffer)
    expect((await peer.readFrame()).payload).to.deep.equal(closeBody(1000, 'why'))
    const closed = event(socket as never, 'close')
    await peer.send(CLOSE, closeBody(1000))
    peer.end()
    await closed
  })

  twins('calls back when a message, a ping or a pong has left', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    const order: string[] = []
    const last = called(done => {
      socket.send('one', error => order.push(`one ${error ?? 'sent'}`))
      socket.send(Buffer.from('two'), { binary: true }, error => order.push(`two ${error ?? 'sent'}`))
      socket.ping('x', true, error => order.push(`ping ${error ?? 'sent'}`))
      socket.pong('x', undefined, error => order.push(`pong ${error ?? 'sent'}`))
      socket.ping(((error?: Error) => order.push(`bare ping ${error ?? 'sent'}`)) as never)
      socket.pong('y', ((error?: Error) => order.push(`short pong ${error ?? 'sent'}`)) as never)
      socket.send('', done)
      order.push('no callback yet')
    })
    twin.log(await last, order)
  })

  twins('calls back when a long message has left, and counts it until then', async twin => {
    const server = await twin.loopback.serve({ maxPayload: 0 })
    const socket = await twin.opened(server.url, { perMessageDeflate: false })
    const peer = await server.accept()
    peer.socket.pause()
    const sent = called(done => socket.send(Buffer.alloc(32 * 1024 * 1024), done))
    twin.log(socket.bufferedAmount > 1_000_000)
    peer.socket.resume()
    twin.log(await sent, socket.bufferedAmount)
    twin.log((await peer.message()).data.length)
  })

  twins('calls back with an error if the connection is lost', async twin => {
    const server = await twin.loopback.serve({ maxPayload: 0 })
    const socket = await twin.opened(server.url, { perMessageDeflate: false })
    const peer = await server.accept()
    peer.socket.pause()
    const sent = called(done => socket.send(Buffer.alloc(32 * 1024 * 1024), done))
    socket.terminate()
    const closed = event(socket, 'close')
    const first = await Promise.race([sent.then(() => 'callback'), closed.then(() => 'close')])
    twin.log('first the', first)
    await closed
    // Node.js tells ws of no error.
    if (twin.isOurs) expect(await sent).to.be.an.instanceof(Error)
  })

  twins('throws while connecting, and calls back with an error after the close', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    for (const send of ['send', 'ping', 'pong'] as const) twin.log(thrown(() => socket[send]('x')))
    await event(socket, 'open')
    socket.close()
    for (const send of ['send', 'ping', 'pong'] as const) {
      let inTime = false
      const failed = called(done => socket[send]('1234', ...((send === 'send' ? [done] : [true, done]) as [any])))
      inTime = true
      twin.log(await failed, inTime)
    }
    await event(socket, 'close')
    twin.log(await called(done => socket.send(Buffer.alloc(100), done)), socket.bufferedAmount)
    twin.log(
      thrown(() => socket.send('no callback')),
      thrown(() => socket.ping()),
    )
  })

  twins('emits pings and pongs in order with messages, and answers pings', async twin => {
    const { socket, peer } = await rawPair(twin)
    twin.record(socket)
    const last = new Promise(resolve => socket.on('message', (_data, isBinary) => isBinary && resolve(undefined)))
    await peer.write(Buffer.concat([frame(TEXT, 'a'), frame(PING, 'b'), frame(0xa, 'c'), frame(BINARY, 'd')]))
    await last
    const answer = await peer.readFrame()
    twin.log(answer.opcode, answer.text)
    await peer.write(Buffer.concat([frame(TEXT, 'e', { fin: false }), frame(PING), frame(CONTINUATION, 'f')]))
    await event(socket, 'message')
    twin.log((await peer.readFrame()).opcode)
  })

  twins('leaves pings to the user without autoPong', async twin => {
    const { socket, peer } = await rawPair(twin, { autoPong: false })
    twin.record(socket)
    await peer.send(PING, 'one')
    await event(socket, 'ping')
    socket.pong('mine')
    const { opcode, text } = await peer.readFrame()
    twin.log(opcode, text)
  })

  twins('refuses pings that are too long', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    for (const data of ['x'.repeat(126), Buffer.alloc(126)]) {
      twin.log(
        thrown(() => socket.ping(data)),
        thrown(() => socket.pong(data)),
      )
    }
    socket.ping('x'.repeat(125))
    twin.log((await (await server.accept()).ping()).length)
  })

  twins('takes a Buffer as it was when it was sent', twin =>
    received(twin, socket => {
      const bytes = Buffer.from('before')
      socket.send(bytes)
      if (twin.isOurs) bytes.fill(0)
    }),
  )

  twins('gives all of many messages, in order', async twin => {
    const server = await twin.loopback.serve({ perMessageDeflate: true })
    const socket = await twin.opened(server.url)
    const { socket: peer } = await server.accept()
    const texts: string[] = []
    socket.on('message', (data, isBinary) => texts.push(`${isBinary}${data}`))
    for (let index = 0; index < 5000; index++) peer.send(index % 3 === 0 ? Buffer.from(`${index}`) : `${index}`)
    peer.close()
    await event(socket, 'close')
    twin.log(texts.length, texts.join().length, texts.slice(1234, 1240))
  })

  twins('fails with the error of a Blob that cannot be read', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url)
    twin.record(socket)
    const error = new DOMException('gone', 'NotReadableError')
    const blob = {
      ...{ size: 4, type: '', [Symbol.toStringTag]: 'Blob', slice() {}, stream() {} },
      arrayBuffer: () => Promise.reject(error),
    }
    socket.on('error', actual => twin.log(actual === error))
    socket.send(blob as never, actual => twin.log('callback', actual === error))
    await event(socket, 'close')
  })
})
