import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import WebSocket from '#lib/entry/ws.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { turns } from '../support/turns.ts'
import { event, type Twin, thrown, useTwins } from '../support/ws-twins.ts'

describe('The stand-in for ws: the opening handshake', () => {
  const twins = useTwins()

  /** A server of HTTP that answers with `respond`. */
  async function serveHttp(
    { loopback }: Twin,
    respond: (request: IncomingMessage, response: import('node:http').ServerResponse) => void,
  ): Promise<{ url: string; server: Server }> {
    const server = createServer(respond)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    loopback.afterwards(() => {
      server.closeAllConnections()
      server.close()
    })
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
  }

  twins('opens, with the events "upgrade" and "open"', async twin => {
    const server = await twin.loopback.serve()
    const socket = twin.open(server.url)
    twin.record(socket, 'upgrade', 'open', 'error', 'close')
    socket.on('upgrade', response =>
      twin.log(response.statusCode, response.headers.upgrade, response.rawHeaders.length),
    )
    twin.log(socket.readyState, socket.bufferedAmount, socket.extensions, socket.protocol, socket.binaryType)
    await event(socket, 'open')
    twin.log(socket.readyState, socket.extensions, socket.protocol, socket.isPaused)
  })

  twins('has the URL, serialized, with the scheme ws', async twin => {
    const server = await twin.loopback.serve()
    for (const url of [server.url, `http://127.0.0.1:${server.port}/a b?c`, new URL(`/x`, server.url)]) {
      const socket = await twin.opened(url)
      twin.log(socket.url.replace(String(server.port), 'PORT'))
    }
  })

  twins('refuses invalid URLs and subprotocols', twin => {
    const { WebSocket } = twin
    for (const url of ['', 'x', '/relative', 'ftp://127.0.0.1/', 'ws://127.0.0.1/#f', 'ws+unix:', 'ws://[']) {
      twin.log(
        url,
        thrown(() => new WebSocket(url)),
      )
    }
    for (const protocols of ['', 'a b', ['a', 'a'], ['a,b'], [1]]) {
      twin.log(thrown(() => new WebSocket('ws://127.0.0.1:1/', protocols as never)))
    }
    for (const protocolVersion of [0, 7, 14, '13']) {
      twin.log(thrown(() => new WebSocket('ws://127.0.0.1:1/', { protocolVersion } as never)))
    }
    twin.log(thrown(() => new WebSocket('ws://127.0.0.1:1/', { headers: { a: 'b\nc' } })) instanceof TypeError)
  })

  twins('sends the header fields in the order of ws', async twin => {
    for (const options of [{}, { origin: 'https://a.example', headers: { 'X-One': '1', Upgrade: 'mine' } }]) {
      const server = await twin.loopback.serve()
      twin.open(server.url, ['one', 'two'], options)
      const { rawHeaders } = (await server.accept()).request
      twin.log(rawHeaders.filter((_, index) => index % 2 === 0))
    }
  })

  twins('takes limits that are no integers, and a lack of limits by any name', async twin => {
    const server = await twin.loopback.serve()
    for (const options of [
      { maxPayload: Number.POSITIVE_INFINITY, maxFragments: Number.POSITIVE_INFINITY },
      { maxPayload: -1, maxFragments: -1, closeTimeout: -1 },
      { maxPayload: '100', maxFragments: '5', closeTimeout: '5000' },
      { maxPayload: 99.5, closeTimeout: 5000.5 },
      { maxPayload: Number.NaN, maxFragments: null },
    ]) {
      const socket = await twin.opened(server.url, options as never)
      const { socket: peer } = await server.accept()
      peer.send('x'.repeat(99))
      await event(socket, 'message')
      peer.send('x'.repeat(101))
      const [error] = (await Promise.race([event(socket, 'error'), event(socket, 'message')])) as { code?: string }[]
      twin.log(error?.code)
    }
    for (const handshakeTimeout of [-5, '5000', Number.POSITIVE_INFINITY]) {
      const error = thrown(() => twin.open(server.url, { handshakeTimeout } as never))
      twin.log(error instanceof TypeError, error instanceof RangeError)
    }
  })

  twins('sends the header fields', async twin => {
    const server = await twin.loopback.serve({ handleProtocols: () => 'b' })
    for (const [path, options] of [
      ['/', {}],
      ['/p?q=1', { headers: { 'X-One': '1', host: 'example.com', Connection: 'close' }, origin: 'https://a.example' }],
      ['/', { auth: 'user:pass' }],
      ['/', { protocolVersion: 8, origin: 'https://a.example' }],
      ['/', { perMessageDeflate: { clientMaxWindowBits: 10, serverNoContextTakeover: true } }],
      ['/', { perMessageDeflate: { clientMaxWindowBits: false, threshold: 10, concurrencyLimit: 2 } }],
      ['/', { perMessageDeflate: false }],
    ] as const) {
      const socket = await twin.opened(`${server.url}${path.slice(1)}`, ['a', 'b'], options as never)
      const { request } = await server.accept()
      const { host, 'sec-websocket-key': key, 'sec-websocket-protocol': protocols, ...headers } = request.headers
      twin.log(request.url, host?.replace(/\d+$/, 'PORT'), key?.length, protocols?.replaceAll(' ', ''))
      twin.log(JSON.stringify(Object.entries(headers).sort()))
      twin.log(socket.protocol)
    }
  })

  twins(
    'takes the options that ws has for its own workings, and passes over those of a request that name another place',
    async twin => {
      const server = await twin.loopback.serve()
      const socket = await twin.opened(`${server.url}here`, {
        ...{ allowSynchronousEvents: false, skipUTF8Validation: true, maxBufferedChunks: 9, maxPendingAutoPongs: 9 },
        generateMask: (mask: Buffer) => mask.fill(0),
        ...{ host: 'host.invalid', hostname: 'name.invalid', port: 1, path: '/there', method: 'POST', timeout: 1 },
        ...{ socketPath: '/nonesuch', protocol: 'ftp:' },
      } as never)
      const { request, socket: peer } = await server.accept()
      twin.log(request.method, request.url)
      peer.on('message', data => peer.send(data))
      for (const text of ['one', 'two']) socket.send(text, { mask: true })
      const [one] = await event(socket, 'message')
      const [two] = await event(socket, 'message')
      twin.log(String(one), String(two))
    },
  )

  twins('takes credentials from the URL', async twin => {
    const server = await twin.loopback.serve()
    await twin.opened(`ws://us%20er:p%C3%A4ss%zz@127.0.0.1:${server.port}/`, { auth: 'other:one' })
    twin.log((await server.accept()).request.headers.authorization)
  })

  twins('takes subprotocols in the options', async twin => {
    const server = await twin.loopback.serve()
    const first = await twin.opened(server.url, { protocols: ['x', 'y'] } as never)
    const second = await twin.opened(server.url, undefined, { protocols: 'z' } as never)
    twin.log(first.protocol, second.protocol)
  })

  twins('fails if the server refuses the connection', async twin => {
    const { url, server } = await serveHttp(twin, () => {})
    server.close()
    await once(server, 'close')
    const socket = twin.open(url)
    twin.record(socket)
    socket.on('error', (error: NodeJS.ErrnoException) => twin.log(error.syscall, error.message.includes('127.0.0.1')))
    await event(socket, 'close')
    twin.log(socket.readyState)
  })

  twins('fails if the name is not known', async twin => {
    const lookup = (_name: string, _options: object, callback: (error: Error) => void): void =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
    const socket = twin.open('ws://name.invalid/', { lookup } as never)
    twin.record(socket)
    await event(socket, 'close')
  })

  twins('fails with the status of a refusal', async twin => {
    const { url } = await serveHttp(twin, (_request, response) => response.writeHead(401).end('no'))
    const socket = twin.open(url)
    twin.record(socket)
    await event(socket, 'close')
  })

  twins('leaves a refusal to a listener of "unexpected-response"', async twin => {
    const { url } = await serveHttp(twin, (_request, response) => {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end('who are you?')
    })
    const socket = twin.open(url)
    twin.record(socket)
    const [request, response] = await event(socket, 'unexpected-response')
    let body = ''
    for await (const chunk of response) body += chunk
    twin.log(socket.readyState, response.statusCode, response.headers['www-authenticate'], body)
    twin.log(request.method, request.path, request.getHeader('upgrade'))
    socket.terminate()
    twin.log(socket.readyState)
    await event(socket, 'close')
  })

  twins('does not take a redirect for an answer', async twin => {
    const { url } = await serveHttp(twin, (_request, response) => response.writeHead(302, { location: '/b' }).end())
    const socket = twin.open(url)
    twin.record(socket)
    await event(socket, 'close')
  })

  twins('follows redirects, and drops credentials on the way to another server', async twin => {
    const goal = await twin.loopback.serve()
    const other = await serveHttp(twin, (_request, response) => {
      response.writeHead(307, { location: `${goal.url}goal` }).end()
    })
    const first = await serveHttp(twin, ({ url }, response) => {
      response.writeHead(301, { location: url === '/one' ? '/two' : other.url }).end()
    })
    const options = { followRedirects: true, headers: { Cookie: 'a=b', Authorization: 'Basic x', 'X-Other': '1' } }
    const socket = await twin.opened(`${first.url}/one`, options)
    const { headers, url } = (await goal.accept()).request
    twin.log(url, headers.cookie, headers.authorization, headers['x-other'], headers.host === `127.0.0.1:${goal.port}`)
    twin.log(socket.url === `${goal.url}goal`)
  })

  twins('keeps credentials on the same server, and where a listener of "redirect" decides', async twin => {
    const goal = await twin.loopback.serve()
    const first = await serveHttp(twin, (_request, response) => response.writeHead(301, { location: goal.url }).end())
    const socket = twin.open(`ws://me:secret@${first.url.slice(5)}/`, {
      followRedirects: true,
      headers: { Cookie: 'a=b' },
    })
    socket.on('redirect', (url, request) => twin.log(url === goal.url, request.getHeader('cookie'), request.method))
    await event(socket, 'open')
    const { headers } = (await goal.accept()).request
    twin.log(headers.cookie, headers.authorization)
  })

  twins('gives up after maxRedirects, and at a location that is none', async twin => {
    const { url } = await serveHttp(twin, (request, response) => {
      response.writeHead(302, { location: request.url === '/bad' ? 'ftp://x/' : '/again' }).end()
    })
    for (const path of ['/loop', '/bad']) {
      const socket = twin.open(url + path, { followRedirects: true, maxRedirects: 2 })
      twin.record(socket)
      await event(socket, 'close')
    }
  })

  twins('gives up after the handshakeTimeout', async twin => {
    const { url } = await serveHttp(twin, () => {})
    const socket = twin.open(url, { handshakeTimeout: 50 })
    twin.record(socket)
    await event(socket, 'close')
  })

  twins('lets finishRequest change and send the request', async twin => {
    const server = await twin.loopback.serve()
    const socket: object = await twin.opened(server.url, {
      finishRequest: (request, given) => {
        twin.log(given instanceof twin.WebSocket, given.readyState, request.method)
        request.setHeader('X-Late', 'yes')
        setImmediate(() => request.end())
      },
    })
    twin.log((await server.accept()).request.headers['x-late'], socket instanceof twin.WebSocket)
  })

  twins('connects by createConnection', async twin => {
    const server = await twin.loopback.serve()
    const socket = await twin.opened('ws://somewhere.invalid/', {
      createConnection: ((options: { host: string; port: number }) => {
        twin.log(options.host, options.port)
        return connect(server.port, '127.0.0.1')
      }) as never,
    })
    socket.close(1000)
    twin.log(...(await event(socket, 'close')))
  })

  twins('connects by an agent', async twin => {
    const server = await twin.loopback.serve()
    class Tunnel extends Agent {
      override createConnection(options: any): never {
        twin.log(options.host, options.port)
        return connect(server.port, '127.0.0.1') as never
      }
    }
    const agent = new Tunnel()
    twin.loopback.afterwards(() => agent.destroy())
    const socket = await twin.opened('ws://somewhere.invalid:99/', { agent })
    socket.send('through')
    twin.log((await (await server.accept()).message()).text)
  })

  twins('connects to a Unix domain socket', async twin => {
    const path = join(makeFolder(), 'socket')
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (_socket, request) => twin.log('path', request.url))
    await once(server.listen(path), 'listening')
    twin.loopback.afterwards(() => server.close())
    const socket = await twin.opened(`ws+unix:${path}:/chat?a=b`)
    twin.log(socket.url.replace(path, 'PATH'))
    const other = await twin.opened(`ws+unix:${path}`)
    for (const one of [socket, other]) {
      one.close()
      await event(one, 'close')
    }
  })

  twins('connects with TLS, by the options of tls.connect', async twin => {
    const authority = await makeAuthority()
    const server = await twin.loopback.serve({ tls: await makeCertificate({ authority }) })
    const socket = await twin.opened(`wss://localhost:${server.port}/`, { ca: authority.cert })
    socket.send('secret')
    twin.log((await (await server.accept()).message()).text)
    for (const options of [{}, { ca: authority.cert, servername: 'other.example' }]) {
      const refused = twin.open(`wss://localhost:${server.port}/`, options as never)
      twin.record(refused)
      await event(refused, 'close')
    }
    await twin.opened(`wss://localhost:${server.port}/`, { rejectUnauthorized: false })
    await twin.opened(`https://localhost:${server.port}/`, {
      ca: authority.cert,
      checkServerIdentity: () => undefined,
    } as never)
  })

  /** What a socket of the stand-in emits, with options whose functions fail. A rejection that nobody handles fails the test. */
  async function emitted(url: string, options: object): Promise<unknown[]> {
    const socket = new WebSocket(url, { handshakeTimeout: 10_000, ...options })
    const log: unknown[] = []
    socket.on('error', error => log.push(error.message))
    await new Promise(resolve => socket.on('close', resolve))
    await turns(3)
    return log
  }

  it('fails where a function of the options is an async function that rejects, unlike ws', async () => {
    const rejects = (): Promise<never> => Promise.reject(new Error('rejected'))
    expect(await emitted('ws://server.test/', { lookup: rejects })).to.deep.equal(['rejected'])
    expect(await emitted('ws://127.0.0.1:1/', { finishRequest: rejects })).to.deep.equal(['rejected'])
    expect(await emitted('ws://127.0.0.1:1/', { createConnection: rejects })).to.deep.equal([
      'The option "createConnection" returned no stream of Node.js',
    ])
  })

  it('has an agent whose functions are async', async () => {
    const rejects = () => Promise.reject(new Error('rejected by the agent'))
    for (const agent of [Object.assign(new Agent(), { createConnection: rejects }), { addRequest: rejects }]) {
      expect(await emitted('ws://127.0.0.1:1/', { agent })).to.deep.equal(['rejected by the agent'])
    }
  })

  it('fails where "createConnection" gives no stream, and where "lookup" calls back twice, or with no Error', async () => {
    for (const socket of [7, 'x', {}, { on() {} }]) {
      expect(await emitted('ws://127.0.0.1:1/', { createConnection: () => socket })).to.deep.equal([
        'The option "createConnection" returned no stream of Node.js',
      ])
    }
    type Callback = (error: unknown, address?: unknown) => void
    const twice = (_name: string, _options: object, callback: Callback): never => {
      callback('a text')
      callback(new Error('again'))
      throw new Error('thrown')
    }
    expect(await emitted('ws://server.test/', { lookup: twice })).to.deep.equal(['a text'])
  })

  it('gives up the connection whose "finishRequest" throws', async () => {
    let request: { destroyed: boolean } | undefined
    const finishRequest = (made: { destroyed: boolean }): never => {
      request = made
      throw new Error('thrown')
    }
    expect(() => new WebSocket('ws://127.0.0.1:1/', { finishRequest, handshakeTimeout: 20 })).to.throw('thrown')
    expect(request!.destroyed).to.equal(true)
  })

  it('sends the name of a TLS server without a trailing dot, unlike ws', async () => {
    const names: string[] = []
    const server = createTlsServer({
      ...(await makeCertificate()),
      SNICallback(name, callback) {
        names.push(name)
        callback(null)
      },
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const lookup = (_name: string, _options: object, callback: (...found: unknown[]) => void) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    for (const options of [{}, { servername: 'other.example.' }]) {
      const socket = new WebSocket(`wss://name.example.:${port}/`, {
        ...options,
        lookup,
        rejectUnauthorized: false,
      } as never)
      socket.on('error', () => {})
      const closed = new Promise(resolve => socket.on('close', resolve))
      const [accepted] = (await once(server, 'secureConnection')) as [Socket]
      accepted.destroy()
      await closed
    }
    server.close()
    expect(names).to.deep.equal(['name.example', 'other.example'])
  })

  for (const [name, lines, options] of [
    ['another Upgrade', ['Upgrade: other', 'Connection: Upgrade'], {}],
    ['another Sec-WebSocket-Accept', ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x'], {}],
    ['a subprotocol without a request', ['Sec-WebSocket-Protocol: x'], {}],
    ['an extension without a request', ['Sec-WebSocket-Extensions: permessage-deflate'], { perMessageDeflate: false }],
    ['ill-formed extensions', ['Sec-WebSocket-Extensions: permessage-deflate;;'], {}],
    ['bad parameters', ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99'], {}],
  ] as const) {
    twins(`fails at ${name}`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url, options)
      twin.record(socket, 'upgrade', 'open', 'error', 'close')
      const peer = await server.accept()
      const isWhole = lines.length > 1
      if (isWhole) await peer.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      else await peer.accept(...lines)
      await event(socket, 'close')
    })
  }

  twins('fails at a subprotocol that was not offered, and at none', async twin => {
    const server = await twin.loopback.serveRaw()
    for (const lines of [['Sec-WebSocket-Protocol: b'], []]) {
      const socket = twin.open(server.url, 'a')
      twin.record(socket)
      await (await server.accept()).accept(...lines)
      await event(socket, 'close')
    }
  })

  twins('fails if the server hangs up, or does not speak HTTP', async twin => {
    const server = await twin.loopback.serveRaw()
    const socket = twin.open(server.url)
    twin.record(socket)
    ;(await server.accept()).end()
    await event(socket, 'close')
    const other = twin.open(server.url)
    twin.record(other)
    await (await server.accept()).write('SSH-2.0-x\r\n\r\n')
    await event(other, 'close')
  })

  for (const name of ['close', 'terminate', 'resume'] as const) {
    twins(`${name}() in the listener of the error that ends the opening handshake`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url)
      twin.record(socket)
      // After that, ws has no connection that could be resumed.
      socket.on('error', () => twin.log(name, name === 'resume' && !twin.isOurs ? undefined : socket[name]()))
      await (await server.accept()).write('SSH-2.0-x\r\n\r\n')
      await event(socket, 'close')
    })
  }

  twins('closes the connection of a refusal that a listener has read to its end', async twin => {
    const { url, server } = await serveHttp(twin, () => {})
    const closed = new Promise(resolve => {
      server.once('upgrade', (_request, connection) => {
        connection.on('close', resolve).on('error', () => {})
        connection.on('end', () => connection.end()).resume()
        connection.write('HTTP/1.1 502 Bad Gateway\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nfoo')
      })
    })
    const socket = twin.open(url)
    twin.record(socket)
    socket.on('unexpected-response', (_request, response) => {
      response.on('data', chunk => twin.log(chunk))
      response.on('end', () => socket.close())
    })
    await Promise.all([event(socket, 'close'), closed])
  })

  for (const extensions of ['foo', 'permessage-deflate, foo', 'a;;b']) {
    twins(`refuses the extensions "${extensions}", in the words of ws`, async twin => {
      const server = await twin.loopback.serveRaw()
      const socket = twin.open(server.url)
      twin.record(socket)
      await (await server.accept()).accept(`Sec-WebSocket-Extensions: ${extensions}`)
      await event(socket, 'close')
    })
  }

  twins(
    'keeps the user of the first URL through redirects, and takes that of another one where there was none',
    async twin => {
      const goal = await twin.loopback.serve()
      const { port } = goal
      const first = await serveHttp(twin, (_request, response) => {
        response.writeHead(302, { location: `ws://second:b@127.0.0.1:${port}/` }).end()
      })
      for (const user of ['first:a@', '']) {
        const socket = twin.open(`ws://${user}${first.url.slice(5)}/`, { followRedirects: true })
        socket.on('redirect', () => {})
        await event(socket, 'open')
        twin.log((await goal.accept()).request.headers.authorization)
      }
    },
  )
})
