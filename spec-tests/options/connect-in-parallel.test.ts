import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { configured, failure, terminate, WebSocket, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { next, type RawTestServer, useLoopback } from '../support/ws-server.ts'

/** The option that lifts RFC 6455 section 4.1, step 2: one connection to a host and port is opened at a time. */
describe('connectInParallel', () => {
  const loopback = useLoopback()
  const parallel: WebSocketOptions = { connectInParallel: true }

  /** Waits for so many connections, of which none has been answered, and answers all of them. */
  async function acceptTogether(server: RawTestServer, count: number): Promise<string[]> {
    const peers = []
    while (peers.length < count) peers.push(await server.accept())
    for (const peer of peers) await peer.accept()
    return peers.map(peer => peer.request.target)
  }

  it('opens many connections to a host at once, of each class', async () => {
    const server = await loopback.serveRaw()
    const Configured = configured(parallel)
    const sockets = [
      loopback.socket(server.url, parallel),
      loopback.socket(server.url, ['chat'], parallel),
      loopback.track(new Configured(server.url)),
      loopback.track(new Configured(server.url, { headers: {} })),
    ]
    const stream = new WebSocketStream(server.url, parallel as object)
    loopback.afterwards(() => terminate(stream))
    stream.closed.catch(() => {})
    const peers = []
    while (peers.length < 5) peers.push(await server.accept())
    for (const peer of peers) {
      const [protocol] = peer.request.values('sec-websocket-protocol')
      await peer.accept(...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]))
    }
    await Promise.all(sockets.map(socket => socket.readyState === WebSocket.OPEN || next(socket, 'open')))
    await stream.opened
  })

  it('does not wait for others, and does not let them wait', async () => {
    const server = await loopback.serveRaw()
    loopback.socket(`${server.url}first`)
    const first = await server.accept()
    const beside = loopback.socket(`${server.url}beside`, parallel)
    loopback.socket(`${server.url}second`)
    await (await server.accept()).accept()
    await next(beside, 'open')
    expect(server.accepted).to.equal(2)
    await first.accept()
    expect(await acceptTogether(server, 1)).to.deep.equal(['/second'])
    // One that waits for its answer holds nobody up.
    loopback.socket(`${server.url}deaf`, parallel)
    await server.accept()
    loopback.socket(`${server.url}third`)
    expect(await acceptTogether(server, 1)).to.deep.equal(['/third'])
  })

  it('opens many connections of a transport of its own at once', async () => {
    const asked: string[] = []
    const connect: WebSocketOptions['connect'] = ({ url }) => {
      asked.push(url)
      return new Promise(() => {})
    }
    for (const name of ['a', 'b', 'c']) loopback.socket(`ws://host.test/${name}`, { connect, ...parallel })
    await delay(0)
    expect(asked).to.deep.equal(['ws://host.test/a', 'ws://host.test/b', 'ws://host.test/c'])
  })

  it('lets 100 sockets wait for a slow server at the same time', async () => {
    const server = await loopback.serveRaw()
    const opened = Array.from({ length: 100 }, () => next(loopback.socket(server.url, parallel), 'open'))
    // All of them have asked before the first one is answered.
    const peers = await Promise.all(opened.map(() => server.accept()))
    await Promise.all(peers.map(peer => peer.accept()))
    await Promise.all(opened)
  })

  describe('in the message of WS_ERR_HANDSHAKE_TIMEOUT', () => {
    it('is named if the time before went into waiting in line', async () => {
      const server = await loopback.serveRaw()
      const [first, second] = [1, 2].map(() => loopback.socket(server.url, { handshakeTimeout: 100 })) as [
        WebSocket,
        WebSocket,
      ]
      await next(first, 'close')
      expect(failure(first)!.message).to.equal(
        'The opening handshake did not complete within 100 ms ("handshakeTimeout")',
      )
      await next(second, 'close')
      expect(failure(second)!.code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
      const [, waited] = new RegExp(
        `^The opening handshake did not complete within 100 ms \\("handshakeTimeout"\\), after (\\d+) ms in line behind other connections to 127.0.0.1:${server.port}: "connectInParallel" does not wait for them$`,
      ).exec(failure(second)!.message)!
      expect(Number(waited)).to.be.within(50, 10_000)
    })

    it('is not if there was nobody to wait for', async () => {
      const server = await loopback.serveRaw()
      loopback.socket(server.url)
      await server.accept()
      const beside = loopback.socket(server.url, { handshakeTimeout: 50, ...parallel })
      await next(beside, 'close')
      expect(failure(beside)!.message).to.equal(
        'The opening handshake did not complete within 50 ms ("handshakeTimeout")',
      )
    })
  })
})
