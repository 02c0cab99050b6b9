import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { type ConnectTarget, drained, failure, type Pipe, type WebSocketOptions } from '#lib/entry/node.js'
import { connect as connectOnNode } from '#lib/transport/node.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

const FAILED = ['error', 'close 1006 unclean']

describe('Option connect', () => {
  const loopback = useLoopback()

  async function tcp(port: number): Promise<Socket> {
    const socket = connectTcp(port, '127.0.0.1')
    loopback.afterwards(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  /** Two byte streams, as other hosts and users have them. */
  async function duplex(port: number): Promise<{ readable: any; writable: any }> {
    return Duplex.toWeb(await tcp(port)) as { readable: any; writable: any }
  }

  /** The same, where the streams take the memory away that they are given. */
  async function transferring(port: number): Promise<{ readable: any; writable: any }> {
    const { readable, writable } = await duplex(port)
    const writer = writable.getWriter()
    const write = (chunk: Uint8Array): Promise<void> =>
      writer.write(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }))
    return {
      readable,
      writable: new WritableStream({ write, close: () => writer.close(), abort: () => writer.abort() }),
    }
  }

  async function pipe(port: number): Promise<Pipe> {
    const { signal } = new AbortController()
    return connectOnNode({ host: '127.0.0.1', port, secure: false, url: `ws://127.0.0.1:${port}/`, signal })
  }

  /** An exchange of everything over the transport, for a host that only it knows the way to. */
  async function expectExchange(connect: WebSocketOptions['connect'], server: Awaited<ReturnType<typeof serve>>) {
    const socket = loopback.socket('ws://nowhere.test/path', { connect: connect!, protocols: 'chat' })
    const events = record(socket)
    const peer = await server.accept()
    expect(peer.request.url).to.equal('/path')
    expect(peer.request.headers.host).to.equal('nowhere.test')
    await next(socket, 'open')
    expect(socket.protocol).to.equal('chat')
    socket.send('x'.repeat(200_000))
    expect((await peer.message()).text).to.have.lengthOf(200_000)
    await drained(socket)
    expect(socket.bufferedAmount).to.equal(0)
    peer.socket.send('answer')
    await next(socket, 'message')
    socket.close(3001, 'bye')
    await next(socket, 'close')
    expect(events).to.deep.equal(['open', 'message answer', 'close 3001 clean bye'])
  }

  const serve = () => loopback.serve()

  describe('takes', () => {
    const forms: Record<string, (port: number) => unknown> = {
      'a Pipe': pipe,
      'a { readable, writable }': duplex,
      'a { readable, writable } that transfers': transferring,
      'a function that returns a Pipe': async port => {
        const opened = await pipe(port)
        return () => opened
      },
      'a function that returns { readable, writable }': async port => {
        const opened = await duplex(port)
        return () => opened
      },
      'a function that promises a Pipe': port => () => pipe(port),
      'a function that promises { readable, writable }': port => async () => duplex(port),
      'a function with a thenable': port => () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then: (resolve: (pipe: unknown) => void) => void pipe(port).then(resolve),
      }),
    }
    for (const [name, make] of Object.entries(forms)) {
      it(name, async () => {
        const server = await serve()
        await expectExchange((await make(server.port)) as WebSocketOptions['connect'], server)
      })
    }
  })

  describe('takes a stream of Node.js', () => {
    /** A socket that is still connecting. */
    function connecting(port: number): Socket {
      const socket = connectTcp(port, '127.0.0.1')
      loopback.afterwards(() => socket.destroy())
      return socket
    }

    it('that is connected', async () => {
      const server = await serve()
      await expectExchange((await tcp(server.port)) as never, server)
      await expectExchange(() => tcp(server.port), server)
    })

    it('that is still connecting', async () => {
      const server = await serve()
      await expectExchange(connecting(server.port), server)
      await expectExchange(() => connecting(server.port), server)
      await expectExchange(async () => connecting(server.port), server)
    })

    it('over TLS, connected or still connecting, over TCP or another stream', async () => {
      const authority = await makeAuthority()
      const server = await loopback.serve({ tls: await makeCertificate({ authority }) })
      const encrypt = (options: object = {}): TLSSocket => {
        const socket = connectTls({ host: 'localhost', port: server.port, ca: authority.cert, ...options })
        loopback.afterwards(() => socket.destroy())
        return socket
      }
      const connected = encrypt()
      await once(connected, 'secureConnect')
      await expectExchange(connected, server)
      await expectExchange(() => encrypt(), server)
      await expectExchange(async () => encrypt({ socket: await tcp(server.port) }), server)
    })

    it('that calls back and gives data within the call of write', async () => {
      const server = await serve()
      const below = await tcp(server.port)
      // A tunnel, as libraries make them.
      const tunnel = new Duplex({
        read() {},
        write(chunk, _encoding, callback) {
          below.write(chunk)
          callback()
        },
        final(callback) {
          below.end(callback)
        },
      })
      below.on('data', bytes => tunnel.push(bytes))
      below.on('end', () => tunnel.push(null))
      await expectExchange(tunnel, server)
    })

    it('and neither ends nor loses what is large, both ways', async () => {
      const server = await serve()
      const socket = await loopback.open('ws://host.test/', { connect: () => connecting(server.port) })
      const peer = await server.accept()
      const large = Buffer.alloc(5_000_000, 'large')
      socket.binaryType = 'arraybuffer'
      socket.send(large)
      expect(socket.bufferedAmount).to.be.above(0)
      expect((await peer.message()).data.equals(large)).to.equal(true)
      await drained(socket)
      peer.socket.send(large)
      expect(large.equals(new Uint8Array((await next(socket, 'message')).data))).to.equal(true)
    })

    describe('and destroys it', () => {
      /** Fails a connection over the stream; returns why it failed. */
      async function failureOver(given: Duplex, options: WebSocketOptions = {}) {
        const socket = loopback.socket('ws://host.test/', { connect: () => given, ...options })
        const events = record(socket)
        await next(socket, 'close')
        expect(events).to.deep.equal(FAILED)
        if (!given.closed) await once(given, 'close')
        return failure(socket)!
      }

      it('if it cannot connect: the error is the cause', async () => {
        const closed = await serve()
        await closed.close()
        const error = await failureOver(connecting(closed.port))
        expect(error.code).to.equal('WS_ERR_CONNECT')
        expect(error.cause).to.have.property('code', 'ECONNREFUSED')
      })

      it('if its certificate is refused', async () => {
        const server = await loopback.serve({ tls: await makeCertificate() })
        const error = await failureOver(connectTls({ host: 'localhost', port: server.port }))
        expect(error.code).to.equal('WS_ERR_CONNECT')
        expect(error.cause).to.have.property('code', 'DEPTH_ZERO_SELF_SIGNED_CERT')
      })

      it('if it is closed already', async () => {
        const given = new PassThrough()
        given.destroy()
        expect((await failureOver(given)).message).to.contain('by the option "connect": The stream is closed')
      })

      it('if the handshake fails, or takes too long', async () => {
        const server = await loopback.serveRaw()
        const given = await tcp(server.port)
        const over = failureOver(given, { handshakeTimeout: 100 })
        expect((await over).code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
        // A server that speaks another protocol.
        const other = new PassThrough()
        other.write('220 mail.test\r\n')
        expect((await failureOver(other)).code).to.equal('WS_ERR_INVALID_RESPONSE')
      })

      it('if nobody waits while it connects', async () => {
        const server = await loopback.serveRaw()
        // TLS that the server never answers.
        const given = connectTls({ host: '127.0.0.1', port: server.port })
        expect((await failureOver(given, { handshakeTimeout: 100 })).code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
      })

      it('if it fails while open', async () => {
        const server = await serve()
        const given = await tcp(server.port)
        const socket = await loopback.open('ws://host.test/', { connect: () => given })
        const events = record(socket)
        const error = new Error('cut')
        given.destroy(error)
        await next(socket, 'close')
        expect(events).to.deep.equal(FAILED)
        expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
        expect(failure(socket)!.cause).to.equal(error)
      })

      it('if it gives something other than bytes', async () => {
        const given = new Duplex({ objectMode: true, read() {}, write() {} })
        given.push({ no: 'bytes' })
        expect((await failureOver(given)).cause).to.be.an.instanceof(TypeError)
      })
    })
  })

  describe('is told', () => {
    async function targetOf(url: string): Promise<ConnectTarget> {
      return new Promise(resolve => {
        loopback.socket(url, {
          connect: target => {
            resolve(target)
            return new Promise(() => {})
          },
        })
      })
    }

    it('the host, the port, whether it has to be secure, and the URL', async () => {
      const targets: [string, object][] = [
        ['ws://host.test/path?q', { host: 'host.test', port: 80, secure: false, url: 'ws://host.test/path?q' }],
        ['wss://host.test', { host: 'host.test', port: 443, secure: true, url: 'wss://host.test/' }],
        ['https://host.test:8443/', { host: 'host.test', port: 8443, secure: true, url: 'wss://host.test:8443/' }],
        ['ws://[::1]:81/', { host: '::1', port: 81, secure: false, url: 'ws://[::1]:81/' }],
        ['ws://127.1/', { host: '127.0.0.1', port: 80, secure: false, url: 'ws://127.0.0.1/' }],
      ]
      for (const [url, expected] of targets) expect(await targetOf(url)).to.include(expected)
    })

    it('when nobody waits any more: its signal is aborted', async () => {
      const signals: AbortSignal[] = []
      const connect: WebSocketOptions['connect'] = ({ signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      }
      const closed = loopback.socket('ws://closed.test/', { connect })
      const late = loopback.socket('ws://late.test/', { connect, handshakeTimeout: 10 })
      await next(late, 'close')
      closed.close()
      await next(closed, 'close')
      expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, true])
      expect(signals.map(({ reason }) => reason)).to.have.members([failure(closed), failure(late)])
    })

    it('is not told so once it has given its pipe', async () => {
      const server = await serve()
      let signal: AbortSignal | undefined
      const socket = await loopback.open('ws://host.test/', {
        connect: target => {
          signal = target.signal
          return pipe(server.port)
        },
      })
      expect(signal!.aborted).to.equal(false)
      socket.close()
      await next(socket, 'close')
      expect(signal!.aborted).to.equal(false)
    })
  })

  it('may be insecure for wss: the caller has seen to it', async () => {
    const server = await serve()
    const socket = await loopback.open('wss://host.test/', { connect: () => pipe(server.port) })
    expect(socket.url).to.equal('wss://host.test/')
    ;(await server.accept()).socket.send('text')
    expect((await next(socket, 'message')).origin).to.equal('wss://host.test')
  })

  it('is called within a task or microtask, not within the constructor', async () => {
    let called = 0
    loopback.socket('ws://host.test/', {
      connect: () => {
        called++
        return new Promise(() => {})
      },
    })
    expect(called).to.equal(0)
  })

  it('is good for one connection if it is a pair of streams: a second one fails, the first goes on', async () => {
    const server = await serve()
    const streams = await duplex(server.port)
    const first = await loopback.open('ws://host.test/', { connect: streams })
    const second = loopback.socket('ws://host.test/', { connect: streams })
    await next(second, 'close')
    expect(failure(second)!.code).to.equal('WS_ERR_CONNECT')
    first.send('still here')
    expect((await (await server.accept()).message()).text).to.equal('still here')
  })

  describe('that fails', () => {
    const error = new Error('no way there')
    const failing: Record<string, [WebSocketOptions['connect'], unknown]> = {
      'by throwing': [
        () => {
          throw error
        },
        error,
      ],
      'by rejecting': [() => Promise.reject(error), error],
      'with something that is no Error': [() => Promise.reject('text'), 'text'],
    }
    for (const [name, [connect, cause]] of Object.entries(failing)) {
      it(`${name}: error and close, with the cause`, async () => {
        const socket = loopback.socket('ws://host.test/', { connect: connect! })
        const events = record(socket)
        await next(socket, 'close')
        expect(events).to.deep.equal(FAILED)
        expect(failure(socket)!.code).to.equal('WS_ERR_CONNECT')
        expect(failure(socket)!.cause).to.equal(cause)
        expect(failure(socket)!.message).to.contain('host.test')
      })
    }

    for (const value of [undefined, null, 5, 'pipe', {}, { readable: 1 }, []]) {
      it(`by giving ${JSON.stringify(value)}: its cause is a TypeError with the name of the option`, async () => {
        const socket = loopback.socket('ws://host.test/', { connect: () => value as never })
        const events = record(socket)
        await next(socket, 'close')
        expect(events).to.deep.equal(FAILED)
        expect(failure(socket)!.code).to.equal('WS_ERR_CONNECT')
        expect(failure(socket)!.cause).to.be.an.instanceof(TypeError)
        expect((failure(socket)!.cause as Error).message).to.contain('"connect"')
      })
    }

    it('by ending before the handshake: the connection was lost', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket('ws://host.test/', { connect: () => duplex(server.port) })
      const events = record(socket)
      ;(await server.accept()).end()
      await next(socket, 'close')
      expect(events).to.deep.equal(FAILED)
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    })
  })

  it('that gives a pipe too late has it aborted', async () => {
    const server = await loopback.serveRaw()
    let give!: (pipe: Pipe) => void
    const socket = loopback.socket('ws://host.test/', {
      connect: () =>
        new Promise(resolve => {
          give = resolve
        }),
    })
    await new Promise(resolve => setImmediate(resolve))
    socket.close()
    await next(socket, 'close')
    const late = await tcp(server.port)
    late.on('error', () => {})
    const gone = new Promise(resolve => late.once('close', resolve))
    give(Duplex.toWeb(late) as never)
    await gone
    expect(server.accepted).to.equal(1)
  })
})
