import { expect } from 'chai'
import { Http2Connections } from '#lib/transport/http2.js'
import type { Http2Way } from '#lib/transport/http2-types.js'
import type { Network } from '#lib/transport/network.js'
import { connect } from '#lib/transport/node.js'
import type { Pipe } from '#lib/transport/pipe.js'
import { type Http2TestServer, startHttp2Server } from '../support/http2-server.ts'
import { ENABLE_CONNECT_PROTOCOL, startRawHttp2Server } from '../support/raw-http2-server.ts'

describe('Connections of HTTP/2', () => {
  let server: Http2TestServer

  beforeEach(async () => {
    server = await startHttp2Server()
  })

  afterEach(() => server.close())

  async function open(connections: Http2Connections, signal: AbortSignal, network?: Network): Promise<Http2Way> {
    const target = { host: '127.0.0.1', port: server.port, secure: false, url: server.url, signal }
    return (await connections.open(target, 'only', undefined, undefined, network)) as Http2Way
  }

  const never = (): AbortSignal => new AbortController().signal

  it('close themselves when nobody has used them for a while', async () => {
    const connections = new Http2Connections(20)
    const place = await open(connections, never())
    const closed = new Promise(resolve => server.sessions[0]!.once('close', resolve))
    place.abort()
    await closed
    await open(connections, never())
    expect(server.connections).to.equal(2)
  })

  it('drop a server that does not close its side of TCP', async () => {
    const silent = await startRawHttp2Server(ENABLE_CONNECT_PROTOCOL)
    let pipe: Pipe | undefined
    const dropped = new Promise<void>(resolve => {
      const tunnel = {
        name: 'to the server',
        async open() {
          const { port } = new URL(silent.url)
          pipe = await connect({ host: '127.0.0.1', port: Number(port), secure: false, url: '', signal: never() })
          const abort = pipe.abort.bind(pipe)
          pipe.abort = reason => {
            abort(reason)
            resolve()
          }
          return pipe
        },
      }
      void open(new Http2Connections(20), never(), { tunnel }).then(async place => {
        const { socket } = await silent.accept()
        socket.pause()
        place.abort()
      })
    })
    await dropped
    await silent.close()
  })

  it('stay open as long as somebody has a place', async () => {
    const connections = new Http2Connections(1)
    const places = [await open(connections, never()), await open(connections, never())]
    places[0]!.abort()
    places[0]!.abort()
    await new Promise(resolve => setTimeout(resolve, 20))
    await open(connections, never())
    expect(server.connections).to.equal(1)
  })

  it('are given up when all who wait for one have left', async () => {
    const connections = new Http2Connections()
    const [one, two] = [new AbortController(), new AbortController()]
    const waiting = [open(connections, one.signal), open(connections, two.signal)]
    const results = Promise.allSettled(waiting)
    one.abort(new Error('left'))
    two.abort(new Error('left'))
    for (const { status } of await results) expect(status).to.equal('rejected')
    // Whoever comes then gets one of its own.
    const place = await open(connections, never())
    expect(place.http).to.equal('2')
  })

  it('are shared with sockets whose option "allowAddress" allows the address, and with no others', async () => {
    const connections = new Http2Connections()
    await open(connections, never())
    const asked: string[] = []
    const allowing = (allowed: boolean) => ({
      allowAddress: (address: string) => {
        asked.push(address)
        return allowed
      },
    })
    await open(connections, never(), allowing(true))
    expect(server.connections).to.equal(1)
    const error = await open(connections, never(), allowing(false)).catch((error: unknown) => error)
    expect(error).to.include({ code: 'WS_ERR_ADDRESS_REFUSED' })
    expect(new Set(asked)).to.deep.equal(new Set(['127.0.0.1']))
  })

  it('are not shared by different ways out of this machine', async () => {
    const connections = new Http2Connections()
    await open(connections, never())
    await open(connections, never(), { localAddress: '127.0.0.2' })
    await open(connections, never(), { localAddress: '127.0.0.2' })
    expect(server.connections).to.equal(2)
  })

  it('tell each socket which way it takes', async () => {
    const connections = new Http2Connections()
    for (let count = 0; count < 2; count++) {
      const trace = { step: 'connect' } as const
      await open(connections, never(), { trace })
      expect(trace).to.include({ remoteAddress: '127.0.0.1' })
    }
  })
})
