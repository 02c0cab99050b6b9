import { expect } from 'chai'
import { failure, ping, terminate, type WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { next, type RawTestServer, record, useLoopback } from '../support/ws-server.ts'

/** RFC 6455 section 4.1, step 2: at most one connection per remote host and port in the state CONNECTING. */
describe('RFC 6455 4.1 one connection CONNECTING per host and port', () => {
  const loopback = useLoopback()

  /** Time enough for connections that nothing holds up: one to another server is opened and used. */
  async function whileOthersConnect(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const { socket } = await loopback.pair()
      await ping(socket)
    }
  }

  function sockets(server: RawTestServer, paths: string[], options: WebSocketOptions = {}): WebSocket[] {
    return paths.map(path => loopback.socket(`${server.url}${path}`, options))
  }

  /** Accepts the next connection, which has to be the one for this path. */
  async function acceptNext(server: RawTestServer, path: string): Promise<void> {
    const peer = await server.accept()
    expect(peer.request.target).to.equal(`/${path}`)
    await peer.accept()
  }

  it('lets others wait, and then connect in order', async () => {
    const server = await loopback.serveRaw()
    const paths = ['1', '2', '3', '4']
    const waiting = sockets(server, paths)
    const order: string[] = []
    for (const socket of waiting) socket.onopen = () => order.push(new URL(socket.url).pathname)
    for (const [index, path] of paths.entries()) {
      const peer = await server.accept()
      expect(peer.request.target).to.equal(`/${path}`)
      await whileOthersConnect()
      expect(server.accepted).to.equal(index + 1)
      expect(order).to.have.lengthOf(index)
      const open = next(waiting[index]!, 'open')
      await peer.accept()
      await open
    }
    expect(order).to.deep.equal(['/1', '/2', '/3', '/4'])
  })

  it('does not let wait for one that is open', async () => {
    const server = await loopback.serveRaw()
    for (const path of ['1', '2', '3']) {
      const [socket] = sockets(server, [path])
      await acceptNext(server, path)
      await next(socket!, 'open')
    }
    expect(server.accepted).to.equal(3)
  })

  it('does not let wait for another port', async () => {
    const servers = [await loopback.serveRaw(), await loopback.serveRaw()]
    for (const server of servers) sockets(server, ['1'])
    await Promise.all(servers.map(server => server.accept()))
  })

  it('does not let wait for another address', async () => {
    const server = await loopback.serveRaw({ host: '0.0.0.0' })
    loopback.socket(`ws://127.0.0.1:${server.port}/1`)
    loopback.socket(`ws://127.0.0.2:${server.port}/2`)
    const targets = [(await server.accept()).request.target, (await server.accept()).request.target]
    expect(targets).to.have.members(['/1', '/2'])
  })

  it('goes by the address: other names of a host are the same', async () => {
    const server = await loopback.serveRaw()
    for (const host of ['127.0.0.1', 'localhost', '2130706433', 'LOCALHOST']) {
      loopback.socket(`ws://${host}:${server.port}/${host.toLowerCase()}`)
    }
    const first = await server.accept()
    expect(first.request.target).to.equal('/127.0.0.1')
    await whileOthersConnect()
    expect(server.accepted).to.equal(1)
    await first.accept()
    const targets: string[] = []
    for (let index = 0; index < 3; index++) {
      const peer = await server.accept()
      expect(server.accepted).to.equal(2 + index)
      targets.push(peer.request.target)
      await peer.accept()
    }
    expect(targets).to.have.members(['/localhost', '/2130706433', '/localhost'])
  })

  it('goes by the address and port alone: ws and wss are the same', async () => {
    const server = await loopback.serveRaw()
    loopback.socket(server.url)
    const peer = await server.accept()
    const secure = loopback.socket(server.url.replace('ws:', 'wss:'))
    await whileOthersConnect()
    expect(server.accepted).to.equal(1)
    await peer.accept()
    for (let round = 0; server.accepted < 2 && round < 100; round++) await whileOthersConnect()
    expect(server.accepted).to.equal(2)
    terminate(secure)
  })

  it('holds for an own transport too, by the name in the URL', async () => {
    const asked: string[] = []
    const give: (() => void)[] = []
    const connect: WebSocketOptions['connect'] = ({ url }) => {
      asked.push(url)
      return new Promise((_resolve, reject) => give.push(() => reject(new Error('no'))))
    }
    const all = ['ws://a.test/1', 'ws://a.test/2', 'ws://b.test/3', 'ws://a.test:81/4'].map(url =>
      loopback.socket(url, { connect }),
    )
    await whileOthersConnect()
    expect(asked).to.deep.equal(['ws://a.test/1', 'ws://b.test/3', 'ws://a.test:81/4'])
    give[0]!()
    await next(all[0]!, 'close')
    await whileOthersConnect()
    expect(asked.slice(3)).to.deep.equal(['ws://a.test/2'])
  })

  describe('goes on', () => {
    const endings: Record<string, (first: WebSocket, server: RawTestServer, abort: AbortController) => unknown> = {
      'when the first is refused': async (_first, server) => {
        await (await server.accept()).write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
      },
      'when the answer to the first is no HTTP': async (_first, server) => {
        await (await server.accept()).write('nonsense\r\n\r\n')
      },
      'when the answer to the first is a wrong handshake': async (_first, server) => {
        const peer = await server.accept()
        await peer.write(peer.acceptance('Sec-WebSocket-Protocol: unasked'))
      },
      'when the first is reset': async (_first, server) => (await server.accept()).reset(),
      'when the first is ended': async (_first, server) => (await server.accept()).end(),
      'when the first is closed before it is open': async (first, server) => {
        await server.accept()
        first.close()
      },
      'when the first is closed at once': first => first.close(),
      'when the first is terminated': async (first, server) => {
        await server.accept()
        terminate(first)
      },
      'when the first is aborted': async (_first, server, abort) => {
        await server.accept()
        abort.abort()
      },
    }
    for (const [name, end] of Object.entries(endings)) {
      it(name, async () => {
        const server = await loopback.serveRaw()
        const abort = new AbortController()
        const first = loopback.socket(`${server.url}1`, { signal: abort.signal })
        const [second] = sockets(server, ['2'])
        const events = record(first)
        const closed = next(first, 'close')
        await end(first, server, abort)
        await closed
        expect(events).to.deep.equal(['error', 'close 1006 unclean'])
        await acceptNext(server, '2')
        await next(second!, 'open')
      })
    }

    it('when the first has taken too long', async () => {
      const server = await loopback.serveRaw()
      const first = loopback.socket(`${server.url}1`, { handshakeTimeout: 20 })
      const [second] = sockets(server, ['2'])
      await server.accept()
      await next(first, 'close')
      expect(failure(first)!.code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
      await acceptNext(server, '2')
      await next(second!, 'open')
    })

    it('when nobody listens there, for all who wait', async () => {
      const server = await loopback.serveRaw()
      await server.close()
      const all = sockets(server, ['1', '2', '3'])
      await Promise.all(all.map(socket => next(socket, 'close')))
      for (const socket of all) expect(failure(socket)!.cause).to.have.property('code', 'ECONNREFUSED')
    })

    it('past those that have given up while they waited', async () => {
      const server = await loopback.serveRaw()
      const abort = new AbortController()
      const [first] = sockets(server, ['1'])
      const [closed] = sockets(server, ['closed'])
      const [aborted] = sockets(server, ['aborted'], { signal: abort.signal })
      const [terminated] = sockets(server, ['terminated'])
      const [last] = sockets(server, ['last'])
      const peer = await server.accept()
      const gone = [closed!, aborted!, terminated!].map(socket => next(socket, 'close'))
      closed!.close()
      abort.abort()
      terminate(terminated!)
      // They need not wait for their turn to know.
      await Promise.all(gone)
      await whileOthersConnect()
      expect(server.accepted).to.equal(1)
      await peer.accept()
      await next(first!, 'open')
      await acceptNext(server, 'last')
      await next(last!, 'open')
      expect(server.accepted).to.equal(2)
    })

    it('while the first is open and after it was closed', async () => {
      const server = await loopback.serveRaw()
      const [first, second] = sockets(server, ['1', '2'])
      await acceptNext(server, '1')
      await next(first!, 'open')
      const peer = await server.accept()
      terminate(first!)
      await next(first!, 'close')
      await peer.accept()
      await next(second!, 'open')
      const [third] = sockets(server, ['3'])
      await acceptNext(server, '3')
      await next(third!, 'open')
    })
  })
})
