import { on, once } from 'node:events'
import type { Duplex, DuplexOptions } from 'node:stream'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/ws.js'
import { compress } from '../support/compress.ts'
import { BINARY, frame, TEXT } from '../support/raw-server.ts'
import { useLoopback } from '../support/ws-server.ts'
import { type Client, event, type Twin, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: pausing, and streams', () => {
  const twins = useTwins()
  const loopback = useLoopback()

  twins('pauses and resumes', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    socket.pause()
    twin.log('connecting', socket.isPaused)
    await event(socket, 'open')
    const { socket: peer } = await server.accept()
    const texts: string[] = []
    socket.on('message', data => texts.push(String(data)))
    socket.pause()
    twin.log(socket.isPaused)
    const pong = once(peer, 'pong')
    peer.send('one')
    peer.ping()
    const answered = await Promise.race([pong.then(() => true), new Promise(resolve => setTimeout(resolve, 50, false))])
    twin.log('paused', texts, answered)
    socket.resume()
    twin.log(socket.isPaused)
    await event(socket, 'message')
    await pong
    twin.log('resumed', texts)
    socket.close()
    await event(socket, 'close')
    socket.pause()
    twin.log('closed', socket.isPaused)
  })

  twins('lets a server feel that it is paused', async twin => {
    const server = await twin.loopback.serve({ perMessageDeflate: false })
    const socket = await twin.opened(server.url)
    const { socket: peer } = await server.accept()
    let received = 0
    socket.on('message', data => {
      received += (data as Buffer).length
    })
    socket.pause()
    const total = 64 * 1024 * 1024
    for (let sent = 0; sent < total; sent += 1024 * 1024) peer.send(Buffer.alloc(1024 * 1024))
    const waits = peer.bufferedAmount > 0
    socket.resume()
    peer.close()
    await event(socket, 'close')
    twin.log(waits, received === total)
  })

  // With ws, all of a packet is inflated and emitted after the pause.
  it('stays paused when the messages that had arrived are handled', async () => {
    const server = await loopback.serveRaw()
    const socket = new WebSocket(server.url)
    loopback.afterwards(() => socket.terminate())
    const opening = once(socket, 'open')
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
    await opening
    const total = 1000
    let received = 0
    socket.on('message', () => {
      if (++received === 1) socket.pause()
    })
    const first = once(socket, 'message')
    // So much of it is in a packet that the socket exerts backpressure by itself.
    const message = frame(BINARY, compress(Buffer.alloc(64 * 1024)), { rsv: 4 })
    await peer.write(Buffer.concat(Array.from({ length: total }, () => message)))
    await first
    for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(received).to.be.within(2, total / 2)
    socket.resume()
    while (received < total) await once(socket, 'message')
  })

  twins('ends a paused connection', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened(server.url, { closeTimeout: 50 })
    socket.pause()
    socket.close(1000)
    await event(socket, 'close')
    twin.log(socket.readyState)
    const other = await twin.opened(server.url)
    other.pause()
    other.terminate()
    twin.log(...(await event(other, 'close')))
  })

  function closing(stream: Duplex): Promise<void> {
    return new Promise(resolve => stream.once('close', resolve))
  }

  async function streamOf(twin: Twin, options?: DuplexOptions): Promise<{ stream: Duplex; socket: Client; peer: any }> {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    const stream = twin.WebSocket.createWebSocketStream(socket, options)
    for (const name of ['end', 'finish', 'close', 'error'])
      stream.on(name, (...values: unknown[]) => twin.log(name, ...values))
    return { stream, socket, peer: (await server.accept()).socket }
  }

  twins('makes a stream: writes, also before the connection is open', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    const stream = twin.WebSocket.createWebSocketStream(socket, { encoding: 'utf8' })
    stream.write('early')
    stream.write(Buffer.from('bytes'))
    const peer = await server.accept()
    twin.log((await peer.message()).text, (await peer.message()).isBinary)
    stream.end('last')
    twin.log((await peer.message()).text, (await peer.closed).code)
    stream.resume()
    await once(stream, 'close')
    twin.log(socket.readyState, stream.destroyed)
  })

  twins('makes a stream: reads until the server closes', async twin => {
    const { stream, peer, socket } = await streamOf(twin)
    const whole = text(stream)
    peer.send('one ')
    peer.send(Buffer.from('two'))
    peer.close()
    twin.log(await whole)
    const closed = closing(stream)
    stream.end()
    await closed
    twin.log(socket.readyState)
  })

  twins('makes a stream: chunks in object mode', async twin => {
    const { stream, peer } = await streamOf(twin, { readableObjectMode: true })
    const chunks = on(stream, 'data')
    peer.send('text')
    twin.log((await chunks.next()).value)
    peer.send(Buffer.from('bytes'))
    twin.log((await chunks.next()).value)
  })

  twins('makes a stream: pipes both ways, with backpressure', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url, { perMessageDeflate: false })
    const stream = twin.WebSocket.createWebSocketStream(socket)
    const peer = (await server.accept()).socket
    peer.on('message', data => peer.send(data))
    const source = new PassThrough()
    const sum = new PassThrough()
    const piping = pipeline(source, stream, sum)
    let received = 0
    sum.on('data', chunk => {
      received += chunk.length
      if (received === 64 * 65536) peer.close()
    })
    for (let index = 0; index < 64; index++) {
      if (!source.write(Buffer.alloc(65536, index))) await once(source, 'drain')
    }
    await once(sum, 'end')
    source.end()
    await piping.catch(() => {})
    twin.log(received)
  })

  twins('makes a stream: pauses the socket while nobody reads', async twin => {
    const { stream, peer, socket } = await streamOf(twin, { readableHighWaterMark: 10 })
    peer.send('more than ten bytes')
    await event(socket, 'message')
    twin.log(socket.isPaused)
    twin.log(String(stream.read()))
    await new Promise(resolve => setImmediate(resolve))
    twin.log(socket.isPaused)
  })

  twins('makes a stream: destroy terminates', async twin => {
    const { stream, socket } = await streamOf(twin)
    if (socket.readyState === 0) await event(socket, 'open')
    twin.record(socket)
    const closed = closing(stream)
    stream.destroy(new Error('enough'))
    await closed
    twin.log(socket.readyState)
  })

  twins('makes a stream: fails with the socket', async twin => {
    const socket = twin.open('ws://127.0.0.1:1/')
    const stream = twin.WebSocket.createWebSocketStream(socket)
    twin.log(await new Promise(resolve => stream.on('error', resolve)))
    if (socket.readyState !== 3) await event(socket, 'close')
    twin.log(socket.readyState, stream.destroyed)
  })

  twins('makes a stream: fails with a violation, and still tells the server', async twin => {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url)
    const stream = twin.WebSocket.createWebSocketStream(socket)
    const peer = await server.accept()
    await peer.accept()
    const failed = new Promise(resolve => stream.on('error', resolve))
    const closed = closing(stream)
    await peer.write(frame(TEXT, Buffer.from([0xff])))
    const { opcode, payload } = await peer.readFrame()
    twin.log(opcode, Buffer.from(payload))
    peer.end()
    twin.log(await failed)
    await closed
  })

  twins('makes a stream: throws an error that nobody listens for', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    const stream = twin.WebSocket.createWebSocketStream(socket)
    await event(socket, 'open')
    const closed = closing(stream)
    try {
      stream.emit('error', new Error('unheard'))
      twin.log('nothing is thrown')
    } catch (error) {
      twin.log(error)
    }
    await closed
    twin.log(stream.destroyed, socket.readyState)
  })
})
