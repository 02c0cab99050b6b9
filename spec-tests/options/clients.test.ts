import { once } from 'node:events'
import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type ClientRequestArgs,
  createServer,
  get,
  type Server,
} from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { type AddressInfo, connect, type NetConnectOpts, type Socket, type TcpNetConnectOpts } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect } from 'chai'
import { getGlobalDispatcher, MockAgent, Pool, ProxyAgent, setGlobalDispatcher, Agent as UndiciAgent } from 'undici'
import { WebSocketServer } from 'ws'
import { failure, handshake, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { useCertificates } from '../support/certificates.ts'
import { runNode } from '../support/child.ts'
import { startHttpProxy } from '../support/proxy-servers.ts'
import { turns } from '../support/turns.ts'
import { gone, next, useLoopback } from '../support/ws-server.ts'

/** Programs that have an HTTP client of their own, and want sockets to take it. */
describe('HTTP clients of the program', function () {
  this.timeout(60_000)
  const loopback = useLoopback()
  const made = useCertificates()

  async function talk(url: string, options: WebSocketOptions): Promise<WebSocket> {
    const socket = await loopback.open(url, options)
    for (const size of [1, 100_000]) {
      socket.send('x'.repeat(size))
      expect((await next(socket, 'message')).data).to.equal('x'.repeat(size))
    }
    return socket
  }

  async function serveEcho(secure = false): Promise<{ url: string; heads: Record<string, unknown>[] }> {
    const server = await loopback.serve(secure ? { tls: made.certificate } : {})
    const heads: Record<string, unknown>[] = []
    void (async () => {
      for (;;) {
        const { socket, request } = await server.accept()
        heads.push({ ...request.headers, url: request.url })
        socket.on('message', (data, binary) => socket.send(data, { binary }))
      }
    })()
    return { url: server.url.replace('127.0.0.1', 'localhost'), heads }
  }

  async function failed(url: string, options: WebSocketOptions) {
    const socket = loopback.socket(url, options)
    await next(socket, 'close')
    return failure(socket)!
  }

  /** What each client has to do; `make` gives the option, `makeSecure` that for wss. */
  function behaves(make: () => WebSocketOptions, makeSecure: () => WebSocketOptions): void {
    it('makes the handshake, whose fields are those of any other', async () => {
      const { url, heads } = await serveEcho()
      const socket = await talk(`${url}path?query`, {
        ...make(),
        protocols: ['chat'],
        headers: { 'x-own': 'yes', Host: 'other.test' },
      })
      expect(socket.protocol).to.equal('chat')
      expect(heads[0]).to.include({ 'x-own': 'yes', host: 'other.test', upgrade: 'websocket', url: '/path?query' })
      expect(String(heads[0]!.connection)).to.match(/^upgrade$/i)
      expect(heads[0]!['sec-websocket-key']).to.be.a('string')
      expect(handshake(socket)!.status).to.equal(101)
      expect(handshake(socket)!.headers).to.deep.include(['sec-websocket-protocol', 'chat'])
      socket.close(3000)
      const { code, wasClean } = await next(socket, 'close')
      expect([code, wasClean]).to.deep.equal([3000, true])
    })

    it('takes bytes that come with the 101', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, make())
      const peer = await server.accept()
      const frame = Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')])
      const message = next(socket, 'message')
      await peer.write(Buffer.concat([peer.acceptance(), frame]))
      expect((await message).data).to.equal('hello')
    })

    it('tells of a refusal with its body', async () => {
      const server = await loopback.serveRaw()
      const refused = failed(server.url, make())
      const peer = await server.accept()
      await peer.write('HTTP/1.1 403 No Entry\r\nX-Why: because\r\nContent-Length: 5\r\n\r\nyou?!')
      const error = await refused
      expect([error.code, error.step]).to.deep.equal(['WS_ERR_UNEXPECTED_STATUS', 'handshake'])
      expect(error.response!.status).to.equal(403)
      expect(error.response!.headers).to.deep.include(['x-why', 'because'])
      expect(Buffer.from(error.response!.body).toString()).to.equal('you?!')
    })

    it('tells of a refusal whose body does not end', async () => {
      const server = await loopback.serveRaw()
      const refused = failed(server.url, make())
      const peer = await server.accept()
      await peer.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`)
      expect((await refused).response!.body.length).to.equal(65_536)
      await gone(peer)
    })

    it('fails where there is no server, and where it hangs up', async () => {
      const closed = await loopback.serve()
      await closed.close()
      const error = await failed(closed.url, make())
      expect([error.code, error.step]).to.deep.equal(['WS_ERR_CONNECT', 'connect'])
      expect((error.cause as { code?: string }).code).to.equal('ECONNREFUSED')
      const server = await loopback.serveRaw()
      const lost = failed(server.url, make())
      ;(await server.accept()).reset()
      expect((await lost).code).to.equal('WS_ERR_CONNECT')
    })

    it('says in words that the server expects TLS, or may: one that hangs up, and one that answers with an alert', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const lost = await failed(server.url.replace('wss:', 'ws:'), make())
      expect(lost.message).to.match(/no HTTP response: if it expects TLS, .*wss:/)
      expect((lost.cause as { code?: string }).code).to.match(/^(ECONNRESET|UND_ERR_SOCKET)$/)
      const raw = await loopback.serveRaw()
      const alerted = failed(raw.url, make())
      await (await raw.accept()).write(Buffer.from('15030300020228', 'hex'))
      expect((await alerted).message).to.match(/no HTTP response: if it expects TLS, .*wss:/)
      expect(((await alerted).cause as Error).message).to.contain('Expected HTTP/')
    })

    it('says in words that the server speaks no TLS, or ends a connection whose TLS may be ready', async () => {
      const plain = await loopback.serve()
      const wrong = await failed(plain.url.replace('ws:', 'wss:'), makeSecure())
      expect(wrong.message).to.contain('The server does not speak TLS on this port: the URL has to begin with ws:')
      expect((wrong.cause as { code?: string }).code).to.match(/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/)
      const server = createTlsServer({ ...made.certificate }, socket => socket.once('data', () => socket.destroy()))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      loopback.afterwards(() => server.close())
      const lost = await failed(`wss://localhost:${(server.address() as AddressInfo).port}/`, makeSecure())
      expect(lost.message).to.contain('no HTTP response').and.not.to.contain('during the TLS handshake')
      expect((lost.cause as { code?: string }).code).to.match(/^(ECONNRESET|UND_ERR_SOCKET)$/)
    })

    it('is given up after handshakeTimeout, and by a signal', async () => {
      const server = await loopback.serveRaw()
      const late = failed(server.url, { ...make(), handshakeTimeout: 50 })
      const peer = await server.accept()
      expect((await late).code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
      await gone(peer)
      const controller = new AbortController()
      const aborted = failed(server.url, { ...make(), signal: controller.signal })
      const other = await server.accept()
      controller.abort()
      expect((await aborted).code).to.equal('WS_ERR_ABORTED')
      await gone(other)
    })

    it('has a wrong answer fail', async () => {
      const server = await loopback.serveRaw()
      const refused = failed(server.url, make())
      const peer = await server.accept()
      await peer.write(
        peer
          .acceptance()
          .toString('latin1')
          .replace(/Accept: .*/, 'Accept: wrong'),
      )
      expect((await refused).code).to.equal('WS_ERR_INVALID_ACCEPT')
      await gone(peer)
    })
  }

  describe('agent', () => {
    const agents: Agent[] = []
    const tracked = (agent: Agent): Agent => {
      agents.push(agent)
      return agent
    }
    afterEach(() => {
      for (const agent of agents.splice(0)) agent.destroy()
    })
    /** Starts a server, which ends with the test, and returns its port. */
    const listen = async (server: Server, webSockets: WebSocketServer): Promise<number> => {
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      loopback.afterwards(async () => {
        for (const client of webSockets.clients) client.terminate()
        server.closeAllConnections()
        await new Promise(resolve => server.close(resolve))
      })
      return (server.address() as AddressInfo).port
    }
    behaves(
      () => ({ agent: tracked(new Agent({ keepAlive: true, maxSockets: 1 })) }),
      () => ({ agent: tracked(new SecureAgent({ ca: made.authority.cert, keepAlive: true })) }),
    )

    it('takes wss URLs by an https.Agent, with the option tls; also in the third argument', async () => {
      const { url } = await serveEcho(true)
      const agent = tracked(new SecureAgent({ ca: made.authority.cert }))
      const socket = await talk(url, { agent })
      expect(handshake(socket)!.tls).to.include({ protocol: 'TLSv1.3', authorized: true })
      expect(handshake(socket)!.remoteAddress).to.match(/^(127\.0\.0\.1|::1)$/)
      await talk(url, { agent: tracked(new SecureAgent()), tls: { ca: made.authority.cert } })
      const third = loopback.track(new WebSocket(url, [], { agent }))
      await next(third, 'open')
      const error = await failed(url, { agent: tracked(new SecureAgent()) })
      expect(error.message).to.contain('tls.ca')
    })

    it('of the wrong protocol fails', async () => {
      const { url } = await serveEcho(true)
      const error = await failed(url, { agent: tracked(new Agent()) })
      expect((error.cause as { code?: string }).code).to.equal('ERR_INVALID_PROTOCOL')
    })

    it('makes the request again where the server has closed a connection that the agent had kept, and only there', async () => {
      const webSockets = new WebSocketServer({ noServer: true })
      let attempts = 0
      let refusals = 0
      const server = createServer((_request, response) => response.end('hello'))
      server.on('upgrade', (request, socket, head) => {
        attempts++
        if (refusals-- > 0) socket.destroy()
        else webSockets.handleUpgrade(request, socket, head, () => {})
      })
      const port = await listen(server, webSockets)
      const url = `ws://127.0.0.1:${port}/`
      const agent = tracked(new Agent({ keepAlive: true, maxSockets: 1 }))
      /** Has the agent keep a connection. */
      const keep = async (): Promise<void> => {
        const [response] = await once(get({ host: '127.0.0.1', port, agent }), 'response')
        response.resume()
        while (Object.keys(agent.freeSockets).length === 0) await turns(1)
      }

      await keep()
      refusals = 1
      const socket = await loopback.open(url, { agent })
      expect(attempts).to.equal(2)
      socket.close()
      await next(socket, 'close')

      // Neither connection was kept: the request may have been processed.
      refusals = 9
      expect((await failed(url, { agent })).code).to.equal('WS_ERR_CONNECT')
      expect(attempts).to.equal(3)
      await keep()
      expect((await failed(url, { agent })).code).to.equal('WS_ERR_CONNECT')
      expect(attempts).to.equal(5)
    })

    it('makes the request again where it waited in the agent for a connection that the server then closed', async () => {
      const webSockets = new WebSocketServer({ noServer: true })
      const upgrades: boolean[] = []
      const used = new WeakSet<object>()
      let answer = (): void => {}
      const server = createServer((request, response) => {
        used.add(request.socket)
        answer = () => response.end('hello')
      })
      server.on('upgrade', (request, socket, head) => {
        upgrades.push(used.has(socket))
        if (used.has(socket)) socket.destroy()
        else webSockets.handleUpgrade(request, socket, head, () => {})
      })
      const port = await listen(server, webSockets)
      const agent = tracked(new Agent({ keepAlive: true, maxSockets: 1 }))
      const busy = once(get({ host: '127.0.0.1', port, agent }), 'response')
      await once(server, 'request')
      const opened = loopback.open(`ws://127.0.0.1:${port}/`, { agent })
      while (Object.keys(agent.requests).length === 0) await turns(1)
      answer()
      const [response] = await busy
      response.resume()
      await opened
      expect(upgrades).to.deep.equal([true, false])
    })

    it('may make the connection itself', async () => {
      const { url } = await serveEcho()
      const seen: unknown[] = []
      class Own extends Agent {
        override createConnection(
          options: ClientRequestArgs,
          callback?: (error: Error | null, socket: Socket) => void,
        ): Socket {
          seen.push(options.port)
          return (Agent.prototype as unknown as { createConnection(o: unknown, c: unknown): Socket }).createConnection(
            options,
            callback,
          )
        }
      }
      await talk(url, { agent: tracked(new Own()) })
      expect(seen).to.deep.equal([Number(new URL(url).port)])
    })
  })

  describe('agent with async functions', () => {
    type Callback = (error: Error | null, socket?: unknown) => void
    /** An agent with that `createConnection`. It is destroyed after the test. */
    const agentOf = (
      createConnection: (options: NetConnectOpts, callback: Callback) => unknown,
      settings: AgentOptions = {},
    ): Agent => {
      const agent = Object.assign(new Agent(settings), { createConnection })
      loopback.afterwards(() => agent.destroy())
      return agent
    }

    it('takes the stream with which createConnection fulfils, also later', async () => {
      const { url } = await serveEcho()
      await talk(url, { agent: agentOf(async options => connect(options)) })
      await talk(url, { agent: agentOf(options => turns(3).then(() => connect(options))) })
    })

    it('takes the stream that an async createConnection calls back with', async () => {
      const { url } = await serveEcho()
      const agent = agentOf(async (options, callback) => {
        await turns(1)
        callback(null, connect(options))
      })
      await talk(url, { agent })
    })

    it('fails where createConnection fulfils with no stream', async () => {
      const { url } = await serveEcho()
      const error = await failed(url, { agent: agentOf(async () => 42) })
      expect(error.code).to.equal('WS_ERR_CONNECT')
      expect(error.message).to.match(/by the option "agent": It gave no stream of Node.js$/)
    })

    it('fails the socket alone whose connection was rejected, of those that wait in the agent', async () => {
      const { url } = await serveEcho()
      let connections = 0
      const agent = agentOf(
        async options => {
          if (++connections === 2) throw new Error('the second one')
          return connect(options)
        },
        { maxSockets: 1 },
      )
      const ends = [0, 1, 2].map(async () => {
        const socket = loopback.socket(url, { agent, connectInParallel: true })
        socket.onopen = () => socket.close()
        await next(socket, 'close')
        return (failure(socket)?.cause as Error | undefined)?.message
      })
      expect(await Promise.all(ends)).to.deep.equal([undefined, 'the second one', undefined])
    })

    it('takes an async addRequest, and methods with private members', async () => {
      class Own extends Agent {
        #requests = 0
        async addRequest(request: ClientRequest, { host, port }: TcpNetConnectOpts): Promise<boolean> {
          this.#requests++
          await turns(1)
          const { onSocket } = request as ClientRequest & { onSocket(socket: Socket): void }
          onSocket.call(request, connect({ host, port }))
          return true
        }
        get asked(): number {
          return this.#requests
        }
      }
      class Named extends Agent {
        #names = 0
        override getName(...values: Parameters<Agent['getName']>): string {
          this.#names++
          return super.getName(...values)
        }
        get names(): number {
          return this.#names
        }
      }
      const { url } = await serveEcho()
      const own = new Own()
      const named = new Named()
      loopback.afterwards(() => named.destroy())
      await talk(url, { agent: own })
      await talk(url, { agent: named })
      expect([own.asked, named.names > 0]).to.deep.equal([1, true])
    })
  })

  describe('dispatcher', () => {
    const dispatchers: { destroy(): Promise<void> }[] = []
    const tracked = <One extends { destroy(): Promise<void> }>(dispatcher: One): One => {
      dispatchers.push(dispatcher)
      return dispatcher
    }
    afterEach(async () => {
      for (const dispatcher of dispatchers.splice(0)) await dispatcher.destroy()
    })
    behaves(
      () => ({ dispatcher: tracked(new UndiciAgent()) }),
      () => ({ dispatcher: tracked(new UndiciAgent({ connect: { ca: made.authority.cert } })) }),
    )

    it('says in words why it trusts no certificate, by the names of its own options', async () => {
      const { url } = await serveEcho(true)
      const error = await failed(url, { dispatcher: tracked(new UndiciAgent()) })
      expect(error.message).to.match(
        /by the option "dispatcher": The server's certificate .*give its certificate as "ca"/,
      )
    })

    it('may be a Pool, an Agent with TLS, a ProxyAgent, or composed', async () => {
      const { url } = await serveEcho()
      await talk(url, { dispatcher: tracked(new Pool(url.replace('ws', 'http'))) })
      const secure = await serveEcho(true)
      await talk(secure.url, { dispatcher: tracked(new UndiciAgent({ connect: { ca: made.authority.cert } })) })
      const proxy = await startHttpProxy({ credentials: 'user:secret' })
      loopback.afterwards(() => proxy.close())
      await talk(url, { dispatcher: tracked(new ProxyAgent(`http://user:secret@127.0.0.1:${proxy.port}`)) })
      const composed = tracked(new UndiciAgent()).compose(dispatch => (options, handler) => {
        return dispatch({ ...options, headers: [...(options.headers as string[]), 'x-composed', 'yes'] }, handler)
      })
      await talk(url, { dispatcher: composed })
    })

    it('may mock a refusal', async () => {
      const mock = new MockAgent()
      loopback.afterwards(() => mock.close())
      mock.disableNetConnect()
      mock.get('http://server.test:80').intercept({ path: '/' }).reply(403, 'mocked')
      const error = await failed('ws://server.test/', { dispatcher: mock })
      expect([error.response!.status, Buffer.from(error.response!.body).toString()]).to.deep.equal([403, 'mocked'])
    })

    it("'global' is what setGlobalDispatcher has set", async () => {
      const { url, heads } = await serveEcho()
      const before = getGlobalDispatcher()
      const marked = tracked(new UndiciAgent()).compose(dispatch => (options, handler) => {
        return dispatch({ ...options, headers: [...(options.headers as string[]), 'x-global', 'yes'] }, handler)
      })
      setGlobalDispatcher(marked)
      try {
        await talk(url, { dispatcher: 'global' })
      } finally {
        setGlobalDispatcher(before)
      }
      expect(heads[0]).to.include({ 'x-global': 'yes' })
    })

    it("'global' is the undici within Node.js where no other is there", async () => {
      const { url } = await serveEcho()
      const entry = new URL('../../../dist/entry/node.js', import.meta.url).href
      const program = `import { WebSocket, failure } from ${JSON.stringify(entry)}
        const socket = new WebSocket(${JSON.stringify(url)}, { dispatcher: 'global' })
        socket.onopen = () => { console.log('open'); socket.close() }
        socket.onerror = () => console.log(failure(socket))`
      const { output, errors } = await runNode(['--input-type=module', '-e', program])
      expect([output, errors]).to.deep.equal(['open\n', ''])
    })

    it('that throws, reports nothing of use or reports twice, fails its own socket alone', async () => {
      const wrong: Record<string, (options: object, handler: any) => unknown> = {
        'thrown away': () => {
          throw new Error('thrown away')
        },
        'no stream of Node.js': (_options, handler) => handler.onUpgrade(101, [], {}),
        twice(_options, handler) {
          handler.onError(new Error('twice'))
          handler.onError(new Error('again'))
          handler.onUpgrade(101, [], {})
        },
      }
      for (const [words, dispatch] of Object.entries(wrong)) {
        const error = await failed('ws://server.test/', { dispatcher: { dispatch } })
        expect(error.code).to.equal('WS_ERR_CONNECT')
        expect(error.message).to.contain(words)
      }
    })
  })

  it('of this test speak to a server that is no WebSocket server as well', async () => {
    const server = createServer((_request, response) => response.end('a page'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => server.close())
    const { port } = server.address() as { port: number }
    const agent = new Agent()
    const error = await failed(`ws://127.0.0.1:${port}/`, { agent })
    agent.destroy()
    expect([error.response!.status, Buffer.from(error.response!.body).toString()]).to.deep.equal([200, 'a page'])
  })
})
