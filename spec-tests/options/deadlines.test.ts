import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { drained, failure, handshake, ping, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { acceptanceFor } from '../support/acceptance.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { RunningModule } from '../support/child.ts'
import { BINARY, CLOSE, closeBody, frame, PING, PONG, type RawPeer } from '../support/raw-server.ts'
import { bundledEntry } from '../support/root.ts'
import { turns } from '../support/turns.ts'
import { next, type RawTestServer, useLoopback } from '../support/ws-server.ts'

/** Milliseconds of each time limit here. */
const LIMIT = 300
/** By how many milliseconds more than a limit a process stands still. */
const BEYOND = 500
/** Milliseconds for a handshake with TLS. Its messages go to and fro, and either side may have to wait for a core on a busy machine. */
const TLS_LIMIT = 3000

/**
 * Keeps the event loop busy, so that the time of a limit passes at once: what was written before lies in the system unread. The
 * thread sleeps meanwhile, which costs no CPU time.
 */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/**
 * What each client begins with. It opens a socket and prints its events. A line of its input is a way to be busy and for how many
 * milliseconds, and it answers "busy" as soon as it is.
 */
const PRELUDE = `
  import { writeSync } from 'node:fs'
  import { createInterface } from 'node:readline'
  import { failure, WebSocket, WebSocketStream } from '${bundledEntry}'
  const [, url, json] = process.argv
  const options = JSON.parse(json)
  const say = line => writeSync(1, line + '\\n')
  const busy = milliseconds => {
    say('busy')
    block(milliseconds)
  }
  ${block}
  const ways = {
    'a timer': milliseconds => setTimeout(busy, 0, milliseconds),
    'an immediate': milliseconds => setImmediate(busy, milliseconds),
  }
  createInterface(process.stdin)
    .on('line', line => {
      const [way, milliseconds] = line.split(',')
      ways[way](Number(milliseconds))
    })
    .on('close', () => process.exit())
`

const CLASSES = {
  WebSocket: `
    const socket = new WebSocket(url, options)
    socket.onopen = () => say('open')
    socket.onclose = ({ code, wasClean }) => say(['close', code, wasClean, failure(socket)?.code ?? ''].join(' ').trim())
    ways.close = () => socket.close(1000)
  `,
  WebSocketStream: `
    const socket = new WebSocketStream(url, options)
    socket.opened.then(() => say('open'), () => {})
    socket.closed.then(
      ({ closeCode }) => say('close ' + closeCode + ' true'),
      () => say(['close', 1006, false, failure(socket)?.code].join(' ')),
    )
    ways.close = () => socket.close({ closeCode: 1000 })
  `,
}

type ClassName = keyof typeof CLASSES

/** Lets `during` happen while the client does not run, for longer than a limit in milliseconds. */
type Standstill = (client: RunningModule, limit: number, during: () => unknown) => Promise<void>

const busyIn =
  (way: string): Standstill =>
  async (client, limit, during) => {
    client.write(`${way},${limit + BEYOND}`)
    expect(await client.line()).to.equal('busy')
    await during()
  }

const stopped: Standstill = async (client, limit, during) => {
  client.stop()
  await during()
  await delay(limit + BEYOND)
  client.wake()
}

const STANDSTILLS: [name: string, standstill: Standstill][] = [
  ...['a timer', 'an immediate'].map(way => [`is busy in ${way}`, busyIn(way)] as [string, Standstill]),
  // Windows has no such signal.
  ...(process.platform === 'win32' ? [] : [['is stopped', stopped] as [string, Standstill]]),
]

describe('Time limits of a process that stands still', function () {
  this.timeout(60_000)
  const loopback = useLoopback()

  function start(server: RawTestServer, options: object, name: ClassName = 'WebSocket', script = ''): RunningModule {
    const client = new RunningModule(PRELUDE + CLASSES[name] + script, [server.url, JSON.stringify(options)])
    loopback.afterwards(() => client.end())
    return client
  }

  /** A client whose connection is open, and the other side of it. */
  async function open(options: object, name?: ClassName): Promise<{ client: RunningModule; peer: RawPeer }> {
    const server = await loopback.serveRaw()
    const client = start(server, options, name)
    const peer = await server.accept()
    await peer.accept()
    expect(await client.line()).to.equal('open')
    return { client, peer }
  }

  async function readPing(peer: RawPeer): Promise<Uint8Array> {
    const { opcode, payload } = await peer.readFrame()
    expect(opcode).to.equal(PING)
    return payload
  }

  /** The 101, a pong and the Close frame come while the client stands still. */
  async function expectPatience(
    server: RawTestServer,
    standstill: Standstill,
    options: WebSocketOptions,
    name?: ClassName,
  ) {
    const heartbeat = { interval: LIMIT, timeout: LIMIT }
    const { handshakeTimeout = LIMIT } = options
    const client = start(server, { closeTimeout: LIMIT, heartbeat, ...options, handshakeTimeout }, name)
    const peer = await server.accept()
    await standstill(client, handshakeTimeout, () => peer.accept())
    expect(await client.line()).to.equal('open')
    const payload = await readPing(peer)
    await standstill(client, LIMIT, () => peer.send(PONG, payload))
    await peer.send(PONG, await readPing(peer))
    client.write('close')
    let last = await peer.readFrame()
    while (last.opcode === PING) last = await peer.readFrame()
    expect(last.opcode).to.equal(CLOSE)
    await standstill(client, LIMIT, async () => {
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
    })
    expect(await client.line()).to.equal('close 1000 true')
  }

  for (const name of ['WebSocket', 'WebSocketStream'] as const) {
    for (const [how, standstill] of STANDSTILLS) {
      it(`${name}: what came while the process ${how} counts`, async () => {
        await expectPatience(await loopback.serveRaw(), standstill, {}, name)
      })
    }
  }

  it('what came over TLS counts', async () => {
    const authority = await makeAuthority()
    const { key, cert } = await makeCertificate({ authority })
    const server = await loopback.serveRaw({ tls: { key, cert } })
    await expectPatience(server, busyIn('an immediate'), { handshakeTimeout: TLS_LIMIT, tls: { ca: authority.cert } })
  })

  it('leaves the server time for its answer if the request could not be sent before', async () => {
    const server = await loopback.serveRaw()
    const client = start(server, { handshakeTimeout: LIMIT }, 'WebSocket', `busy(${LIMIT + BEYOND})`)
    await (await server.accept()).accept()
    expect(await client.line()).to.equal('busy')
    expect(await client.line()).to.equal('open')
  })

  if (process.platform !== 'win32') {
    it('a ping that is sent after a stop has its whole time', async () => {
      const { client, peer } = await open({ heartbeat: { interval: LIMIT, timeout: LIMIT } })
      await peer.send(PONG, await readPing(peer))
      await stopped(client, LIMIT, () => {})
      for (let beat = 0; beat < 2; beat++) {
        const payload = await readPing(peer)
        await delay(LIMIT / 4)
        await peer.send(PONG, payload)
      }
      await readPing(peer)
    })

    it('gives up a server that is dead when the process goes on', async () => {
      const { client, peer } = await open({ heartbeat: { interval: LIMIT, timeout: LIMIT } })
      await readPing(peer)
      await stopped(client, LIMIT, () => {})
      expect(await client.line()).to.equal('close 1006 false WS_ERR_HEARTBEAT_TIMEOUT')
    })
  }

  it('takes the body of a refusal that came meanwhile', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    const peer = await server.accept()
    const closed = next(socket, 'close')
    await peer.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 10\r\n\r\nfirst')
    await turns(20)
    void peer.write('after')
    block(1200)
    await closed
    expect(Buffer.from(handshake(socket)!.body).toString()).to.equal('firstafter')
  })

  it('lets listeners take longer than closeTimeout for the messages before a Close frame', async () => {
    const { socket, peer } = await loopback.rawPair({ closeTimeout: 50 })
    socket.binaryType = 'arraybuffer'
    let messages = 0
    socket.onmessage = () => {
      messages++
      block(30)
    }
    const closed = next(socket, 'close')
    const message = frame(BINARY, Buffer.alloc(70_000))
    await peer.write(Buffer.concat([...Array.from({ length: 10 }, () => message), frame(CLOSE, closeBody(1000))]))
    expect((await peer.readFrame()).payload).to.deep.equal(closeBody(1000))
    peer.end()
    expect(await closed).to.include({ code: 1000, wasClean: true })
    expect(messages).to.equal(10)
    expect(failure(socket)).to.equal(undefined)
  })

  it('does not end a closing handshake whose answer came behind what is read slowly', async () => {
    const { socket, peer } = await loopback.rawPair({ closeTimeout: 100 })
    socket.binaryType = 'arraybuffer'
    const message = frame(BINARY, Buffer.alloc(100_000))
    socket.onmessage = () => {
      if (socket.readyState !== socket.OPEN) return
      socket.close()
      // The server's Close frame is behind more than is read at a time.
      void peer.write(Buffer.concat([...Array.from({ length: 20 }, () => message), frame(CLOSE)]))
      peer.end()
      block(300)
    }
    const closed = next(socket, 'close')
    await peer.write(Buffer.concat(Array.from({ length: 20 }, () => message)))
    expect(await closed).to.include({ code: 1005, wasClean: true })
  })

  it('closeTimeout over TLS is as long as without', async () => {
    const servers = [await loopback.serveRaw({ tls: await makeCertificate() }), await loopback.serveRaw()]
    const order: string[] = []
    const opened = servers.map(async (server, index) => {
      const options = { closeTimeout: [250, 400][index]!, tls: { rejectUnauthorized: false } }
      const socket = loopback.socket(server.url, options)
      await (await server.accept()).accept()
      await next(socket, 'open')
      return socket
    })
    await Promise.all(
      (await Promise.all(opened)).map(async socket => {
        socket.close()
        await next(socket, 'close')
        order.push(new URL(socket.url).protocol)
      }),
    )
    expect(order).to.deep.equal(['wss:', 'ws:'])
  })

  describe('a long upload', () => {
    /** A server that takes 64 KiB in four milliseconds, and answers nothing but the handshake. */
    const serveSlowly = () => serveAt(() => 4)

    /** Bytes after which a server waits. Each wait takes some milliseconds more on a busy machine, so there are few. */
    const STEP = 256 * 1024

    /**
     * @param delay milliseconds for 64 KiB, by what was received; undefined if no more are read
     * @param end bytes after which the server sends its Close frame and ends TCP
     */
    async function serveAt(
      delay: (received: number) => number | undefined,
      end = Number.POSITIVE_INFINITY,
    ): Promise<{ url: string; received(): number }> {
      let received = 0
      let waited = 0
      const server = createServer(tcp => {
        loopback.afterwards(() => tcp.destroy())
        tcp.on('error', () => {})
        tcp.once('data', head => {
          tcp.write(acceptanceFor(head.toString('latin1')))
          tcp.on('data', bytes => {
            received += bytes.length
            // The answer to the Close frame, which is the last of what the client sends.
            if (received >= end) tcp.end(frame(CLOSE, closeBody(1000)))
            const each = delay(received)
            if (each !== undefined && received < waited + STEP) return
            tcp.pause()
            if (each !== undefined) setTimeout(() => tcp.resume(), (each * (received - waited)) / 65536)
            waited = received
          })
        })
      })
      loopback.afterwards(() => server.close())
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, received: () => received }
    }

    for (const [what, size] of [
      ['of one message', 48 * 1024 * 1024],
      ['of many messages', 256 * 1024],
    ] as const) {
      it(`${what} is no death while the server takes it`, async () => {
        const server = await serveSlowly()
        const socket = await loopback.open(server.url, { heartbeat: { interval: 300, timeout: 300 } })
        const closed = next(socket, 'close')
        for (let sent = 0; sent < 48 * 1024 * 1024; sent += size) socket.send(new Uint8Array(size))
        const outcome = await Promise.race([
          drained(socket).then(() => 'drained'),
          closed.then(() => failure(socket)!.code),
        ])
        expect(`${outcome} after ${server.received()} bytes`).to.match(/^drained after/)
      })
    }

    /** A server that takes each 64 KiB more slowly than those before, and after `limit` bytes no more. */
    async function serveEverSlower({
      limit = Number.POSITIVE_INFINITY,
      end,
      slowness = 1,
    }: {
      limit?: number
      end?: number
      slowness?: number
    } = {}) {
      const delay = (received: number) => (received < limit ? slowness * (1 + received / (2 * 1024 * 1024)) : undefined)
      return (await serveAt(delay, end)).url
    }

    it('is no death either where the system tells of it in steps that take longer than the timeout', async () => {
      const socket = await loopback.open(await serveEverSlower(), { heartbeat: { interval: 50, timeout: 50 } })
      socket.send(new Uint8Array(24 * 1024 * 1024))
      const closed = next(socket, 'close').then(() => failure(socket)!.code)
      expect(await Promise.race([drained(socket).then(() => 'drained'), closed])).to.equal('drained')
    })

    it('is given up if the server takes nothing any more after it took some', async () => {
      const url = await serveEverSlower({ limit: 8 * 1024 * 1024 })
      const socket = await loopback.open(url, { heartbeat: { interval: 50, timeout: 50 } })
      socket.send(new Uint8Array(64 * 1024 * 1024))
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_HEARTBEAT_TIMEOUT')
    })

    for (const [name, close] of [
      ['WebSocket', closeSocket],
      ['WebSocketStream', closeStream],
    ] as const) {
      it(`${name}: no more is it a closing handshake that takes too long`, async () => {
        const length = 24 * 1024 * 1024
        // The frame of the message has a header of 14 bytes, and the Close frame has 8.
        // Slow enough that a timeout fits which a busy machine does not exceed by itself.
        const url = await serveEverSlower({ end: 14 + length + 8, slowness: 2 })
        expect(await close(url, length, 400)).to.equal('closed cleanly with 1000')
      })

      it(`${name}: a closing handshake behind it ends if the server takes nothing any more after it took some`, async () => {
        const url = await serveEverSlower({ limit: 8 * 1024 * 1024 })
        expect(await close(url, 64 * 1024 * 1024, 200)).to.equal('WS_ERR_CLOSE_TIMEOUT')
      })
    }

    /** Sends a message and closes. Returns how that ended. */
    async function closeSocket(url: string, length: number, closeTimeout: number): Promise<string> {
      const socket = await loopback.open(url, { closeTimeout, perMessageDeflate: false })
      const closed = next(socket, 'close')
      socket.send(new Uint8Array(length))
      socket.close(1000)
      const { code, wasClean } = await closed
      return wasClean ? `closed cleanly with ${code}` : failure(socket)!.code
    }

    async function closeStream(url: string, length: number, closeTimeout: number): Promise<string> {
      const stream = new WebSocketStream(url, { closeTimeout, perMessageDeflate: false })
      const { writable } = await stream.opened
      const writer = writable.getWriter()
      writer.closed.catch(() => {})
      writer.write(new Uint8Array(length)).catch(() => {})
      stream.close({ closeCode: 1000 })
      return stream.closed.then(
        ({ closeCode }) => `closed cleanly with ${closeCode}`,
        () => failure(stream)!.code,
      )
    }

    it('is given up if the server takes nothing any more', async () => {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 100, timeout: 100 } })
      peer.pause()
      socket.send(new Uint8Array(64 * 1024 * 1024))
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_HEARTBEAT_TIMEOUT')
    })
  })

  describe('ping() beside a heartbeat', () => {
    /** A connection with a heartbeat that has sent its first ping, and a ping of the user behind that. */
    async function pings(payload?: Uint8Array) {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 100, timeout: 10_000 } })
      const beat = await readPing(peer)
      let answered = false
      const answer = ping(socket, payload).then(milliseconds => {
        answered = true
        return milliseconds
      })
      const own = await readPing(peer)
      return { socket, peer, beat, own, answer, isAnswered: () => answered }
    }

    for (const [what, payload] of [
      ['no payload', undefined],
      ['eight bytes', new Uint8Array(8)],
    ] as const) {
      it(`waits for its own pong, with ${what}`, async () => {
        const { peer, beat, own, answer, isAnswered } = await pings(payload)
        await peer.send(PONG, beat)
        // The pong was read when the next ping has come.
        await readPing(peer)
        await turns(5)
        expect(isAnswered()).to.equal(false)
        await peer.send(PONG, own)
        expect(await answer).to.be.at.least(50)
      })
    }

    it('is answered by the pong of a later ping of the heartbeat', async () => {
      const { socket, peer, answer } = await pings()
      const beats = [await readPing(peer), await readPing(peer), await readPing(peer)]
      await peer.send(PONG, beats[2])
      expect(await answer).to.be.above(0)
      const second = ping(socket, 'again')
      expect(await peer.readFrame()).to.include({ opcode: PING, text: 'again' })
      await peer.send(PONG, 'again')
      await second
    })

    it('is answered by its own pong if the server leaves out those of the heartbeat', async () => {
      const { peer, own, answer } = await pings()
      await readPing(peer)
      await peer.send(PONG, own)
      expect(await answer).to.be.above(0)
    })
  })
})
