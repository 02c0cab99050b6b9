import { createServer } from 'node:net'
import { expect } from 'chai'
import { failure, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { withProperty } from '../support/expect.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** The messages of errors go to logs: they are short, whatever is wrong, and tell no credentials. */
describe('Messages of errors', () => {
  const loopback = useLoopback()
  const MOST = 1100

  function thrown(run: () => unknown): Error {
    try {
      run()
    } catch (error) {
      return error as Error
    }
    throw new Error('Nothing was thrown')
  }

  const Untyped = WebSocket as unknown as new (url: unknown, protocols?: unknown) => WebSocket
  const UntypedStream = WebSocketStream as unknown as new (url: unknown, options?: unknown) => WebSocketStream

  const huge = 'a'.repeat(1 << 20)
  const arguments_: Readonly<Record<string, [unknown, unknown?]>> = {
    'a URL that does not parse': [`ws://${huge}:99999/`],
    'a relative URL and its base': [`//${huge}:99999/`, { baseURL: `ws://${huge}.test/` }],
    'a scheme': [`${huge}://host/`],
    'a subprotocol': ['ws://host.test/', `${huge} `],
    'a subprotocol that is given twice': ['ws://host.test/', [huge, huge]],
    'the name of a header': ['ws://host.test/', { headers: { [`${huge} `]: 'x' } }],
    'a header that is reserved': ['ws://host.test/', { headers: { [`sec-websocket-${huge}`]: 'x' } }],
    'a header whose value is not allowed': ['ws://host.test/', { headers: { [huge]: '\n' } }],
    'the name of an option': ['ws://host.test/', { [huge]: 1 }],
    'the name of a member of an option': ['ws://host.test/', { heartbeat: { [huge]: 1 } }],
    'the name of a member of tls': ['ws://host.test/', { tls: { [huge]: 1 } }],
  }
  for (const [name, [url, second]] of Object.entries(arguments_)) {
    it(`are short for ${name} of a MiB`, () => {
      const isList = typeof second === 'string' || Array.isArray(second)
      for (const error of [
        thrown(() => new Untyped(url, second)),
        thrown(() => new UntypedStream(url, isList ? { protocols: [second].flat() } : second)),
      ]) {
        expect(error.message.length).to.be.within(10, MOST)
        expect(error.stack!.length).to.be.below(20_000)
      }
    })
  }

  it('are quick for a subprotocol of 128 MiB, and a SyntaxError', () => {
    const error = thrown(() => new WebSocket('ws://host.test/', '\0'.repeat(2 ** 27)))
    expect(error).to.be.an.instanceof(DOMException)
    expect(error.name).to.equal('SyntaxError')
    expect(error.message).to.equal('The subprotocol at index 0 is not a token: it contains "\\u0000"')
  })

  it('are short for what a server, a resolver or a transport says', async () => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(`HTTP/1.1 403 ${'no '.repeat(10_000)}\r\n\r\n`))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => server.close())
    const { port } = server.address() as { port: number }
    const refused = loopback.socket(`ws://127.0.0.1:${port}/`)
    await next(refused, 'close')
    expect(failure(refused)!.message).to.match(/status 403 no no no/)
    expect(failure(refused)!.message.length).to.be.within(500, MOST)

    const error = new Error(huge)
    for (const cause of [error, huge, new AggregateError([error, error]), Object.create(null), null, Symbol('x')]) {
      const socket = loopback.socket(`ws://${huge}.test/`, { connect: () => Promise.reject(cause) })
      await next(socket, 'close')
      expect(failure(socket)!.message.length).to.be.within(10, MOST)
      expect(failure(socket)!.cause).to.equal(cause)
    }
  })

  it('tell the message of an error of another realm', async () => {
    const { runInNewContext } = await import('node:vm')
    const connect = () => Promise.reject(runInNewContext('new Error("of another realm")'))
    const socket = loopback.socket('ws://host.test/', { connect })
    await next(socket, 'close')
    expect(failure(socket)!.message).to.equal(
      'Could not connect to host.test by the option "connect": of another realm',
    )
  })

  const SECRET = 's3cret'
  const withSecrets: Readonly<Record<string, [unknown, unknown?]>> = {
    'a password': [`ws://user:${SECRET}@host.test:99999/`],
    'a user name': [`ws://${SECRET}@host.test:99999/`],
    'a password without slashes': [`ws:user:${SECRET}@host.test:99999/`],
    'a password with backslashes': [`ws:\\\\user:${SECRET}@host.test:99999/`],
    'a password with a question mark': [`ws://user:pass?${SECRET}@host.test:99999/`],
    'a password with a slash': [`ws://user:pass/${SECRET}@host.test:99999/`],
    'a password with an at sign': [`ws://user:@${SECRET}@host.test:99999/`],
    'a password in a relative URL': [`//user:${SECRET}@host.test:99999/`, { baseURL: 'ws://host.test/' }],
    'a password of the base': ['//a b/', { baseURL: `https://user:${SECRET}@host.test/` }],
    'a query': [`ws://host.test:99999/?token=${SECRET}`],
    'a query with an at sign': [`ws://host.test:99999/?mail=a@${SECRET}`],
    'a query of the base': ['//a b/', { baseURL: `https://host.test/?${SECRET}` }],
    'a fragment': [`ws://host.test:99999/#${SECRET}`],
    'a fragment of a URL that parses': [`ws://user:${SECRET}@host.test/#${SECRET}`],
    'another scheme': [`ftp://user:${SECRET}@host.test/`],
    'a subprotocol': ['ws://host.test/', ['bearer', `${SECRET} `]],
    'a subprotocol that is given twice': ['ws://host.test/', [SECRET, SECRET]],
    'a header in the wrong order': ['ws://host.test/', { headers: [[`Bearer ${SECRET}`, 'Authorization']] }],
    'the value of a header': ['ws://host.test/', { headers: { authorization: `${SECRET}\n` } }],
    'the passphrase of a key': ['wss://host.test/', { tls: { passphrase: [SECRET] } }],
  }
  for (const [name, [url, second]] of Object.entries(withSecrets)) {
    it(`do not tell ${name}`, () => {
      const error = thrown(() => new Untyped(url, second))
      expect(error.message).not.to.contain(SECRET)
      expect(error.message).not.to.contain('user')
    })
  }

  it('do not tell the credentials of globalThis.location', async () => {
    const href = `https://user:${SECRET}@page.test/?${SECRET}`
    await withProperty(globalThis, 'location', { href, origin: 'https://page.test' }, () => {
      expect(thrown(() => new WebSocket('//a b/')).message).not.to.match(/user|s3cret/)
    })
  })

  it('still say what is wrong', () => {
    expect(thrown(() => new WebSocket('ws://user@host.test:99999/path?query')).message).to.equal(
      '"ws://…@host.test:99999/path" is not a valid URL',
    )
    expect(thrown(() => new WebSocket('nowhere')).message).to.equal('"nowhere" is not a valid URL')
    expect(thrown(() => new WebSocket('a b', { baseURL: 'x:' })).message).to.equal(
      '"a b" is not a valid URL relative to "x:"',
    )
    expect(thrown(() => new WebSocket('ws://host.test/', ['a', 'b/c'])).message).to.equal(
      'The subprotocol at index 1 is not a token: it contains "/"',
    )
    expect(thrown(() => new WebSocket('ws://host.test/', ['a', 'A'])).message).to.equal(
      'The subprotocol at index 1 is given twice',
    )
  })
})
