import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { failure, handshake, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { unmapped } from '#lib/transport/ip-address.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { runModule } from '../support/child.ts'
import { expectDOMException } from '../support/expect.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { next, useLoopback } from '../support/ws-server.ts'

const loopback = useLoopback()
const both: WebSocketOptions['lookup'] = (_name, _options, callback) =>
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])

async function failed(url: string, options: WebSocketOptions) {
  const socket = loopback.socket(url, options)
  await next(socket, 'close')
  return failure(socket)!
}

describe('Options lookup, family, localAddress, noDelay', () => {
  it('lookup resolves names, by a list or by one address', async () => {
    const { port } = await loopback.serve()
    const asked: unknown[] = []
    const lookup: WebSocketOptions['lookup'] = (name, options, callback) => {
      asked.push([name, options.all, options.family])
      callback(null, '127.0.0.1', 4)
    }
    await loopback.open(`ws://server.test:${port}/`, { lookup })
    await loopback.open(`ws://localhost:${port}/`, { lookup, family: 4 })
    await loopback.open(`ws://127.0.0.1:${port}/`, { lookup })
    expect(asked).to.deep.equal([
      ['server.test', true, 0],
      ['localhost', true, 4],
    ])
  })

  it('lookup may fail, throw, or give what is no address', async () => {
    const thrown = new Error('thrown')
    const wrong: [WebSocketOptions['lookup'], RegExp][] = [
      [(_name, _options, callback) => callback(new Error('called back'), []), /called back/],
      [
        () => {
          throw thrown
        },
        /thrown/,
      ],
      [(_name, _options, callback) => callback(null, 'server.test'), /"lookup" gave no IP/],
      [(_name, _options, callback) => callback(null, [null]), /"lookup" gave no IP/],
      [(_name, _options, callback) => callback(null, []), /no address/],
    ]
    for (const [lookup, words] of wrong) {
      const error = await failed('ws://server.test/', { lookup: lookup! })
      expect([error.code, error.step]).to.deep.equal(['WS_ERR_DNS', 'dns'])
      expect(error.message).to.match(words)
    }
  })

  it('family chooses among the addresses', async () => {
    const server = await loopback.serve({ host: '::1' })
    const url = `ws://server.test:${server.port}/`
    const socket = await loopback.open(url, { lookup: both!, family: 6 })
    expect(handshake(socket)!.remoteAddress).to.equal('::1')
    const error = await failed('ws://127.0.0.1/', { family: 6 })
    expect([error.code, error.message]).to.deep.equal([
      'WS_ERR_DNS',
      'Could not connect to 127.0.0.1: 127.0.0.1 has no address of IPv6',
    ])
  })

  it('localAddress is where the connection comes from', async () => {
    const server = await loopback.serve()
    await loopback.open(server.url, { localAddress: '127.0.0.2' })
    expect((await server.accept()).request.socket.remoteAddress).to.equal('127.0.0.2')
    await loopback.open(`ws://server.test:${server.port}/`, { lookup: both!, localAddress: '127.0.0.2' })
    const error = await failed(server.url, { localAddress: '192.0.2.1' })
    expect([error.code, error.step]).to.deep.equal(['WS_ERR_CONNECT', 'connect'])
  })

  it('localAddress says over which family, unless "family" does', async () => {
    const server = await loopback.serve({ host: '::1' })
    for (const host of ['localhost', 'server.test']) {
      const options = { localAddress: '::1', ...(host === 'server.test' && { lookup: both! }) }
      const socket = await loopback.open(`ws://${host}:${server.port}/`, options)
      expect(handshake(socket)!.remoteAddress).to.equal('::1')
    }
    const error = await failed(server.url, { localAddress: '127.0.0.2' })
    expect([error.code, error.message]).to.deep.equal([
      'WS_ERR_DNS',
      `Could not connect to [::1]:${server.port}: ::1 has no address of IPv4`,
    ])
  })

  it('noDelay may be off', async () => {
    const server = await loopback.serve()
    await loopback.open(server.url, { noDelay: false })
  })
})

describe('Option allowAddress', () => {
  it('is asked for the addresses of a name, and for a literal; only what it allows is connected to', async () => {
    const { port } = await loopback.serve()
    const asked: string[] = []
    const allowAddress = (address: string): boolean => {
      asked.push(address)
      return address === '127.0.0.1'
    }
    const lookup: WebSocketOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '::ffff:127.0.0.1', family: 6 },
      ])
    const socket = await loopback.open(`ws://server.test:${port}/`, { lookup, allowAddress })
    expect(new Set(asked)).to.deep.equal(new Set(['10.0.0.1', '127.0.0.1']))
    expect(unmapped(handshake(socket)!.remoteAddress!)).to.equal('127.0.0.1')
    for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]']) {
      const error = await failed(`ws://${host}:${port}/`, { allowAddress: address => address !== '127.0.0.1' })
      expect([error.code, error.step], host).to.deep.equal(['WS_ERR_ADDRESS_REFUSED', 'dns'])
    }
  })

  it('holds against a name that is resolved to another address the second time', async () => {
    const { port } = await loopback.serve({ host: '127.0.0.2' })
    const answers = ['127.0.0.2', '127.0.0.1', '127.0.0.1']
    const lookup: WebSocketOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [{ address: answers.shift()!, family: 4 }])
    const allowAddress = (address: string): boolean => address === '127.0.0.2'
    const socket = await loopback.open(`ws://rebinding.test:${port}/`, { lookup, allowAddress })
    expect(handshake(socket)!.remoteAddress).to.equal('127.0.0.2')
    expect(answers).to.have.length(2)
  })

  it('allows by true alone, and refuses by what it throws', async () => {
    for (const answer of [false, undefined, 1, 'yes', Promise.resolve(true)]) {
      const error = await failed('ws://127.0.0.1:8080/', { allowAddress: () => answer as boolean })
      expect(error.code).to.equal('WS_ERR_ADDRESS_REFUSED')
    }
    const thrown = new Error('thrown')
    const allowAddress = (): boolean => {
      throw thrown
    }
    expect((await failed('ws://127.0.0.1:8080/', { allowAddress })).cause).to.equal(thrown)
  })

  it('reads addresses where an older URL class is the global one, as that of a DOM', async () => {
    const script = `
      globalThis.URL = class URL extends globalThis.URL {}
      Object.defineProperty(globalThis.URL, 'canParse', { value: undefined })
      const { failure, WebSocket } = await import('#lib/entry/node.js')
      const asked = []
      const allowAddress = address => { asked.push(address) }
      for (const host of ['[::1]', '[::ffff:127.0.0.1]']) {
        const socket = new WebSocket('ws://' + host + ':12345/', { allowAddress })
        await new Promise(resolve => { socket.onclose = resolve })
        console.log(asked.pop(), failure(socket).cause)
      }`
    const { lines, errors } = await runModule(script)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(['::1 undefined', '127.0.0.1 undefined'])
  })

  it('lets no URL lead to a unix socket', async () => {
    const error = await failed('ws+unix:/run/server.sock:/', { allowAddress: () => true })
    expect(error.code).to.equal('WS_ERR_ADDRESS_REFUSED')
  })
})

describe('Servers behind a unix socket', () => {
  const heads: string[] = []

  /** A server that listens on a path, or on an abstract socket. */
  async function listen(path: string, create: (handler: RequestListener) => Server = createServer): Promise<void> {
    const http = create(() => {})
    const server = new WebSocketServer({ server: http })
    server.on('connection', (peer, request) => {
      heads.push(`${request.headers.host} ${request.url}`)
      peer.on('message', (data, binary) => peer.send(data, { binary }))
    })
    http.listen(path)
    await once(http, 'listening')
    loopback.afterwards(() => {
      for (const peer of server.clients) peer.terminate()
      http.close()
    })
  }

  async function talk(url: string, options: WebSocketOptions = {}): Promise<WebSocket> {
    const socket = await loopback.open(url, options)
    socket.send('hello')
    expect((await next(socket, 'message')).data).to.equal('hello')
    return socket
  }

  it('are named by ws+unix, with the target of the request behind a colon', async () => {
    const path = join(makeFolder({}), 'a b.sock')
    await listen(path)
    heads.length = 0
    for (const [url, head] of [
      [`ws+unix:${path}`, 'localhost /'],
      [`ws+unix://${path}:/path:with?query=1`, 'localhost /path:with?query=1'],
    ]) {
      const socket = await talk(url!)
      expect(socket.url).to.equal(new URL(url!).href)
      expect(handshake(socket)!.remoteAddress).to.equal(path)
      expect(heads.pop()).to.equal(head)
    }
  })

  it('are named by socketPath, and the request is that of the URL', async () => {
    const path = join(makeFolder({}), 'server.sock')
    await listen(path)
    await talk('ws://server.test/path', { socketPath: path })
    expect(heads.pop()).to.equal('server.test /path')
    const third = loopback.track(new WebSocket('ws://server.test/', [], { socketPath: path }))
    await next(third, 'open')
  })

  if (process.platform === 'linux') {
    it('may be abstract', async () => {
      const name = `\0whatwg-websocket-${process.pid}`
      await listen(name)
      await talk('ws://server.test/', { socketPath: name })
      await talk(`ws+unix:%00${name.slice(1)}:/`)
    })
  }

  it('are named as Windows names its pipes: what stands there reaches net.connect as it is', async () => {
    // On this system the same name is that of a file in the working directory.
    const script = `
      import { createServer } from 'node:http'
      import { WebSocketServer } from 'ws'
      import { WebSocket } from '#lib/entry/node.js'
      process.chdir(process.argv[1])
      const name = '\\\\\\\\.\\\\pipe\\\\server'
      const server = createServer()
      new WebSocketServer({ server }).on('connection', (_peer, { url }) => console.log(url))
      await new Promise(resolve => server.listen(name, resolve))
      for (const make of [
        () => new WebSocket('ws://server.test/one', { socketPath: name }),
        () => new WebSocket('ws+unix:' + name + ':/two'),
      ]) {
        const socket = make()
        await new Promise(resolve => { socket.onopen = resolve })
        socket.close()
        await new Promise(resolve => { socket.onclose = resolve })
      }
      server.close()`
    const { lines, errors } = await runModule(script, [makeFolder({})])
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(['/one', '/two'])
  })

  it('may speak TLS', async () => {
    const authority = await makeAuthority()
    const certificate = await makeCertificate({ authority })
    const path = join(makeFolder({}), 'server.sock')
    await listen(path, handler => createSecureServer(certificate, handler))
    const socket = await talk(`wss+unix:${path}:/`, { tls: { ca: authority.cert } })
    expect(handshake(socket)!.tls!.authorized).to.equal(true)
    expect((await failed(`wss+unix:${path}:/`, {})).code).to.equal('WS_ERR_TLS')
  })

  it('fail as others do', async () => {
    const error = await failed(`ws+unix:${join(makeFolder({}), 'none.sock')}:/`, {})
    expect([error.code, error.step]).to.deep.equal(['WS_ERR_CONNECT', 'connect'])
    expect((error.cause as { code?: string }).code).to.equal('ENOENT')
    for (const url of ['ws+unix:', 'ws+unix://', 'ws+unix::/path', 'ws+unix:/a#b', 'unix:/a']) {
      expectDOMException(() => new WebSocket(url), 'SyntaxError')
    }
  })

  it('are not connected to by way of a proxy', async () => {
    const path = join(makeFolder({}), 'server.sock')
    await listen(path)
    await talk(`ws+unix:${path}:/`, { proxy: 'http://127.0.0.1:1' })
  })
})
