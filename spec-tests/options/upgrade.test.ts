import { expect } from 'chai'
import { failure, handshake, type UpgradeHandler, type WebSocketOptions } from '#lib/entry/node.js'
import { memoryPair } from '#lib/transport/memory.js'
import type { Pipe } from '#lib/transport/pipe.js'
import { acceptValueFor } from '../support/acceptance.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

type UpgradeOption = NonNullable<WebSocketOptions['upgrade']>
type Request = Parameters<UpgradeOption>[0]

/** The head of a response that accepts a request. */
function acceptance(request: Request) {
  const key = request.headers.find(([name]) => name === 'Sec-WebSocket-Key')![1]
  const headers = [
    ['Upgrade', 'websocket'],
    ['CONNECTION', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptValueFor(key)],
  ] as const
  return { status: 101, statusText: 'Fine', headers }
}

describe('Option upgrade', () => {
  const loopback = useLoopback()

  async function failed(upgrade: UpgradeOption, options: WebSocketOptions = {}) {
    const socket = loopback.socket('ws://server.test/', { ...options, upgrade })
    await next(socket, 'close')
    return failure(socket)!
  }

  it('is given the request and the target, and gives the pipe', async () => {
    const [ours, theirs] = memoryPair()
    const received: string[] = []
    theirs.start({ data: bytes => received.push(Buffer.from(bytes).toString('hex')), drain() {}, end() {}, close() {} })
    let given: unknown
    const socket = await loopback.open('wss://server.test:8443/path?query', {
      protocols: [],
      upgrade(request, handler, target) {
        given = [request.target, target.host, target.port, target.secure, target.url]
        setImmediate(() => {
          handler.upgraded(acceptance(request), ours)
          theirs.write(Uint8Array.from(frame(TEXT, 'hello')), false)
        })
        return undefined
      },
    })
    expect(given).to.deep.equal(['/path?query', 'server.test', 8443, true, 'wss://server.test:8443/path?query'])
    expect((await next(socket, 'message')).data).to.equal('hello')
    expect(handshake(socket)).to.deep.include({ status: 101, statusText: 'Fine', proxy: undefined, http: '1.1' })
    expect(handshake(socket)!.headers).to.deep.include(['connection', 'Upgrade'])
  })

  it('may report within the call', async () => {
    const [ours, theirs] = memoryPair()
    theirs.start({ data() {}, drain() {}, end() {}, close() {} })
    await loopback.open('ws://server.test/', {
      upgrade(request, handler) {
        handler.upgraded(acceptance(request), ours)
        return undefined
      },
    })
  })

  it('may refuse, once', async () => {
    const error = await failed((_request, handler) => {
      handler.refused({ status: 404, statusText: 'Gone', headers: [['X-A', 'b']] }, Buffer.from('no'))
      handler.refused({ status: 500, statusText: '', headers: [] }, Buffer.from('no'))
      handler.failed(new Error('late'))
      return undefined
    })
    expect([error.code, error.step]).to.deep.equal(['WS_ERR_UNEXPECTED_STATUS', 'handshake'])
    expect(error.response).to.deep.include({ status: 404, statusText: 'Gone', headers: [['x-a', 'b']] })
    expect(Buffer.from(error.response!.body).toString()).to.equal('no')
  })

  const wrong: Record<
    string,
    readonly [upgrade: (request: Request, handler: UpgradeHandler) => unknown, words: RegExp]
  > = {
    throws: [
      () => {
        throw new Error('thrown')
      },
      /thrown/,
    ],
    rejects: [async () => Promise.reject(new Error('rejected')), /rejected/],
    fails: [(_request, handler) => handler.failed('for no reason'), /for no reason/],
    'gives no pipe': [(request, handler) => handler.upgraded(acceptance(request), {} as Pipe), /no Pipe/],
    'gives no head': [
      (_request, handler) => handler.refused(undefined as never, new Uint8Array(0)),
      /without a status/,
    ],
    'gives ill-formed fields': [
      (_request, handler) => handler.refused({ status: 404, statusText: '', headers: 5 as never }, new Uint8Array(0)),
      /./,
    ],
  }
  for (const [what, [upgrade, words]] of Object.entries(wrong)) {
    it(`that ${what} fails its own socket alone`, async () => {
      const error = await failed(upgrade as UpgradeOption)
      expect([error.code, error.step]).to.deep.equal([
        what === 'gives ill-formed fields' ? 'WS_ERR_UNEXPECTED_STATUS' : 'WS_ERR_CONNECT',
        what === 'gives ill-formed fields' ? 'handshake' : 'connect',
      ])
      expect(error.message).to.match(words)
    })
  }

  it('is cancelled by a signal, and what comes afterwards is dropped', async () => {
    const controller = new AbortController()
    const [ours, theirs] = memoryPair()
    let closed: Promise<unknown> | undefined
    let late!: () => void
    const reasons: unknown[] = []
    const error = await failed(
      (request, handler) => {
        closed = new Promise(resolve => theirs.start({ data() {}, drain() {}, end() {}, close: resolve }))
        late = () => handler.upgraded(acceptance(request), ours)
        controller.abort()
        return reason => reasons.push(reason)
      },
      { signal: controller.signal },
    )
    expect(error.code).to.equal('WS_ERR_ABORTED')
    expect(reasons).to.have.length(1)
    late()
    await closed
  })
})

describe('A redirect', () => {
  const loopback = useLoopback()

  it('is not followed; the failure says where it points, without what may be secret', async () => {
    const places: [location: string, words: string][] = [
      ['/elsewhere?token=1', 'It points to "ws://HOST/elsewhere"'],
      ['https://user:secret@other.test/a?b#c', 'It points to "https://other.test/a"'],
      ['http://[', 'It points to "http://["'],
      ['http://[?token=1', 'It points to "http://[…"'],
      ['http://user:secret@[', 'It points to "…"'],
      ['data:text/plain,text', 'It points to "data:text/plain,text"'],
      ['blob:http://user:secret@other.test/a', 'It points to "…"'],
    ]
    for (const [location, words] of places) {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const peer = await server.accept()
      await peer.write(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
      await next(socket, 'close')
      const message = failure(socket)!.message.replace(`127.0.0.1:${server.port}`, 'HOST')
      expect(message).to.equal(`The server answered the handshake with status 302 Found instead of 101. ${words}`)
      expect(handshake(socket)!.headers).to.deep.include(['location', location])
    }
  })
})
