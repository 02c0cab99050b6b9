import { expect } from 'chai'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { type ModuleEnded, runModule } from '../support/child.ts'
import { CLOSE, frame } from '../support/raw-server.ts'
import { bundledEntry } from '../support/root.ts'
import { type Peer, type RawTestServer, type TestServer, useLoopback } from '../support/ws-server.ts'

/** What each child begins with: `url`, `options`, and a socket whose events it prints. */
const PRELUDE = `
  import { WebSocket, failure, ping, ref, terminate, unref } from '${bundledEntry}'
  const [, url, json = '{}'] = process.argv
  const socket = new WebSocket(url, JSON.parse(json))
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, ({ data, code }) => console.log([type, data, code].filter(Boolean).join(' ')))
  }
  // What would keep the process alive now, but for the standard streams.
  const held = () => process.getActiveResourcesInfo().filter(name => !/Pipe|TTY|FSReq|Immediate/.test(name))
`

describe('Lifetime of the process', function () {
  this.timeout(60_000)
  const loopback = useLoopback()

  const run = (server: { url: string }, script: string, options = {}): Promise<ModuleEnded> =>
    runModule(PRELUDE + script, [server.url, JSON.stringify(options)])

  function expectEnd({ exitCode, lines, errors }: ModuleEnded, ...expected: string[]): void {
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(expected)
    expect(exitCode, 'ended by itself').to.equal(0)
  }

  /** A few exchanges with the child, so that it has had time to end if it wanted to. */
  async function exchange(server: TestServer) {
    const peer = await server.accept()
    await pingPeer(peer)
    return peer
  }

  async function pingPeer(peer: Peer): Promise<void> {
    for (let round = 0; round < 5; round++) {
      const pong = new Promise(resolve => peer.socket.once('pong', resolve))
      peer.socket.ping()
      await pong
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Accepts the handshake of the child. */
  async function accept(server: RawTestServer) {
    const peer = await server.accept()
    await peer.accept()
    return peer
  }

  it('an open socket keeps the process alive, and a closed one does not', async () => {
    const server = await loopback.serve()
    const child = run(server, '')
    const peer = await exchange(server)
    peer.socket.send('still there')
    peer.socket.close(3001)
    expectEnd(await child, 'open', 'message still there', 'close 3001')
  })

  it('a socket that is connecting keeps the process alive', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, '')
    const peer = await server.accept()
    const other = await loopback.pair()
    other.peer.socket.send('time passes')
    await new Promise(resolve => other.socket.addEventListener('message', resolve))
    await peer.accept()
    await peer.send(CLOSE)
    await peer.readFrame()
    peer.end()
    expectEnd(await child, 'open', 'close 1005')
  })

  it('a closed socket leaves no handle: no connection, no timer', async () => {
    const script = `
      socket.addEventListener('open', () => socket.close())
      socket.addEventListener('close', () => setImmediate(() => setImmediate(() => console.log('held', held().join()))))
    `
    const options = { handshakeTimeout: 600_000, closeTimeout: 600_000, heartbeat: { interval: 600_000 } }
    expectEnd(await run(await loopback.serve(), script, options), 'open', 'close 1005', 'held ')
  })

  it('a socket that the server closes leaves no handle', async () => {
    const server = await loopback.serve()
    const child = run(server, '')
    ;(await server.accept()).socket.close(1001)
    expectEnd(await child, 'open', 'close 1001')
  })

  it('a socket that fails to connect leaves no handle', async () => {
    const server = await loopback.serve()
    await server.close()
    expectEnd(await run(server, ''), 'error', 'close 1006')
  })

  it('a socket that is refused leaves no handle', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, '')
    // The server leaves the connection open.
    await (await server.accept()).write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
    expectEnd(await child, 'error', 'close 1006')
  })

  it('a socket that is closed or terminated while it connects leaves no handle', async () => {
    const server = await loopback.serveRaw()
    for (const end of ['socket.close()', 'terminate(socket)']) {
      expectEnd(await run(server, end), 'error', 'close 1006')
      expectEnd(await run(server, `setTimeout(() => ${end}, 50)`), 'error', 'close 1006')
    }
  })

  it('a socket that is terminated leaves no handle', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, `socket.addEventListener('open', () => terminate(socket))`)
    await accept(server)
    expectEnd(await child, 'open', 'error', 'close 1006')
  })

  it('a socket that has failed does not wait for the server', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, '', { closeTimeout: 600_000 })
    const peer = await accept(server)
    await peer.write(frame(0xb))
    expectEnd(await child, 'open', 'error', 'close 1006')
  })

  it('a socket that is closing keeps the process alive until closeTimeout', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, `socket.addEventListener('open', () => socket.close())`, { closeTimeout: 50 })
    await accept(server)
    expectEnd(await child, 'open', 'error', 'close 1006')
  })

  for (const [name, call] of [
    ['unref()', 'unref(socket)'],
    ["Symbol.for('nodejs.unref')", "socket[Symbol.for('nodejs.unref')]()"],
  ]) {
    it(`${name} lets the process end while the socket is open`, async () => {
      const server = await loopback.serve()
      const child = run(server, `socket.addEventListener('open', () => ${call})`)
      const peer = await server.accept()
      expectEnd(await child, 'open')
      expect((await peer.closed).code).to.equal(1006)
    })
  }

  // The server answers nothing: TCP is open, and the 101 or the TLS handshake is awaited.
  for (const [scheme, when, call] of [
    ['ws:', 'at once', 'unref(socket)'],
    ['ws:', 'later', 'setTimeout(() => unref(socket), 100)'],
    ['wss:', 'at once', 'unref(socket)'],
    ['wss:', 'later', 'setTimeout(() => unref(socket), 100)'],
  ] as const) {
    it(`unref() lets the process end while a ${scheme} socket is connecting, ${when}`, async () => {
      const server = await loopback.serveRaw()
      expectEnd(await run({ url: server.url.replace('ws:', scheme) }, call))
    })
  }

  it('unref() lets the process end while sockets wait for another one', async () => {
    const server = await loopback.serveRaw()
    const script = `
      unref(socket)
      for (let count = 0; count < 3; count++) unref(new WebSocket(url))
    `
    expectEnd(await run(server, script))
  })

  it('a socket that waits for one with unref() keeps the process alive', async () => {
    const server = await loopback.serveRaw()
    const child = run(server, `unref(socket); new WebSocket(url + 'second').onopen = () => process.exit()`)
    const first = await server.accept()
    await pingPeer((await loopback.pair()).peer)
    await first.accept()
    const second = await server.accept()
    expect(second.request.target).to.equal('/second')
    await second.accept()
    expectEnd(await child, 'open')
  })

  for (const [how, connect] of [
    ['never answers', 'new Promise(() => {})'],
    ['gives streams that never answer', '({ readable: new ReadableStream(), writable: new WritableStream() })'],
  ]) {
    it(`a socket whose transport ${how} keeps the process alive until handshakeTimeout`, async () => {
      const script = (options: string, after = ''): string => `
        const other = new WebSocket('ws://host.test/', { connect: () => ${connect}, ${options} })
        other.onclose = ({ code }) => console.log('other', code, failure(other).code)
        ${after}
      `
      const server = await loopback.serve()
      await server.close()
      const refused = ['error', 'close 1006']
      const timedOut = await run(server, script('handshakeTimeout: 500'))
      expectEnd(timedOut, ...refused, 'other 1006 WS_ERR_HANDSHAKE_TIMEOUT')
      expectEnd(await run(server, script('handshakeTimeout: 600_000', 'unref(other)')), ...refused)
      const terminated = script('handshakeTimeout: 0', 'setTimeout(() => terminate(other), 500).unref()')
      expectEnd(await run(server, terminated), ...refused, 'other 1006 WS_ERR_TERMINATED')
    })
  }

  it('unref() while connecting holds when the socket is open', async () => {
    const server = await loopback.serve()
    const script = `
      unref(socket)
      const timer = setInterval(() => {}, 1000)
      socket.addEventListener('open', () => clearInterval(timer))
    `
    expectEnd(await run(server, script), 'open')
  })

  it('ref() while connecting takes unref() back', async () => {
    const server = await loopback.serveRaw()
    for (const call of ['unref(socket); ref(socket)', 'unref(socket); setTimeout(() => ref(socket), 50)']) {
      const keeping = 'setTimeout(() => {}, 100)'
      const child = run(server, `${call}; ${keeping}`)
      const peer = await server.accept()
      await pingPeer((await loopback.pair()).peer)
      await new Promise(resolve => setTimeout(resolve, 200))
      await peer.accept()
      await peer.send(CLOSE)
      await peer.readFrame()
      peer.end()
      expectEnd(await child, 'open', 'close 1005')
    }
  })

  it('unref() lets the process end though timers of the socket run', async () => {
    const server = await loopback.serve()
    const options = { heartbeat: { interval: 600_000 } }
    expectEnd(await run(server, `socket.addEventListener('open', () => unref(socket))`, options), 'open')
    const waiting = `
      socket.addEventListener('open', () => {
        unref(socket)
        ping(socket)
        socket.close()
      })
    `
    const deaf = await loopback.serveRaw()
    const child = run(deaf, waiting, { closeTimeout: 600_000 })
    await accept(deaf)
    expectEnd(await child, 'open')
  })

  for (const [name, call] of [
    ['ref()', 'ref(socket)'],
    ["Symbol.for('nodejs.ref')", "socket[Symbol.for('nodejs.ref')]()"],
  ]) {
    it(`${name} keeps the process alive again`, async () => {
      const server = await loopback.serve()
      const child = run(server, `socket.addEventListener('open', () => { unref(socket); ${call} })`)
      const peer = await exchange(server)
      peer.socket.send('still there')
      peer.socket.close(3001)
      expectEnd(await child, 'open', 'message still there', 'close 3001')
    })
  }

  it('is the same over TLS', async () => {
    const authority = await makeAuthority()
    const server = await loopback.serve({ tls: await makeCertificate({ authority }) })
    const options = { tls: { ca: authority.cert } }
    expectEnd(await run(server, `socket.addEventListener('open', () => unref(socket))`, options), 'open')
    await server.accept()
    const closing = `socket.addEventListener('open', () => socket.close())`
    expectEnd(await run(server, closing, options), 'open', 'close 1005')
    await server.accept()
    const child = run(server, '', options)
    const peer = await exchange(server)
    peer.socket.close(3001)
    expectEnd(await child, 'open', 'close 3001')
  })

  it('importing the package keeps nothing alive', async () => {
    for (const name of ['node', 'polyfill']) {
      expectEnd(await runModule(`import '#lib/entry/${name}.js'; console.log('imported')`), 'imported')
    }
  })

  it('an exception in a listener ends the process as that of any listener', async () => {
    const server = await loopback.serve()
    const child = run(server, `socket.addEventListener('open', () => { throw new Error('of the listener') })`)
    const { exitCode, errors } = await child
    expect(exitCode).to.equal(1)
    expect(errors).to.contain('Error: of the listener')
  })
})
