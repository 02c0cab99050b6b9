import { expect } from 'chai'
import { inPage, PageWorld } from './page-world.ts'

describe('The functions in a browser', function () {
  this.timeout(60_000)

  let world: PageWorld
  before(async () => {
    world = await PageWorld.open()
  })
  after(() => world?.close())

  const run = async (body: string): Promise<unknown> => {
    const page = await world.page()
    try {
      return await inPage(page, body)
    } finally {
      await page.close()
    }
  }

  /** Makes this browser one without streams, before the library is loaded. */
  const runWithoutStreams = async (body: string): Promise<unknown> => {
    const page = await world.page()
    try {
      await page.evaluate('delete globalThis.WebSocketStream; delete globalThis.WebSocketError')
      return await inPage(page, body)
    } finally {
      await page.close()
    }
  }

  it('failure: says why a socket failed that nobody watched, to the listener of its error', async () => {
    const told = await run(`const reasons = []
      for (const path of ['/refuse', '/drop']) {
        const socket = new lib.WebSocket(base + path)
        socket.onclose = () => reasons.push(lib.failure(socket).code)
        await once(socket, 'close')
        reasons.push(lib.failure(socket).name)
      }
      const clean = new lib.WebSocket(base + '/echo')
      clean.onopen = () => clean.close()
      await once(clean, 'close')
      return [...reasons, lib.failure(clean)]`)
    expect(told).to.deep.equal(['WS_ERR_CONNECT', 'ConnectionError', 'WS_ERR_CONNECT', 'ConnectionError', undefined])
  })

  it('failure: tells a connection that was lost from one that was never there, once it has seen the socket', async () => {
    const told = await run(`const socket = new lib.WebSocket(base + '/echo')
      const before = lib.failure(socket)
      await once(socket, 'open')
      socket.send('drop me')
      await once(socket, 'close')
      return [before, lib.failure(socket).code]`)
    expect(told).to.deep.equal([undefined, 'WS_ERR_CONNECTION_LOST'])
  })

  it('ping cannot be had, and says so with a code; handshake knows nothing; ref and unref do nothing', async () => {
    const told = await run(`const socket = new lib.WebSocket(base + '/echo')
      await once(socket, 'open')
      let code
      try { lib.ping(socket) } catch (error) { code = error.code }
      const told = [code, lib.handshake(socket), lib.ref(socket), lib.unref(socket)]
      socket.close()
      return told`)
    expect(told).to.deep.equal(['WS_ERR_UNSUPPORTED', undefined, undefined, undefined])
  })

  it('all throw a TypeError for what is no socket', async () => {
    const told =
      await run(`return ['ping', 'terminate', 'ref', 'unref', 'drained', 'handshake', 'failure'].map(name => {
      try { lib[name]({}) } catch (error) { return error instanceof TypeError && error.code }
    })`)
    expect(told).to.deep.equal(new Array(7).fill(undefined))
  })

  it('take a socket of another frame', async () => {
    const told = await run(`const frame = document.createElement('iframe')
      document.body.append(frame)
      const socket = new frame.contentWindow.WebSocket(base + '/echo')
      await once(socket, 'open')
      lib.terminate(socket)
      await once(socket, 'close')
      return lib.failure(socket).code`)
    expect(told).to.equal('WS_ERR_TERMINATED')
  })

  it('terminate: error and close follow, in a later task and once, and nothing after them', async () => {
    const told = await run(`const socket = new lib.WebSocket(base + '/deaf')
      const events = []
      for (const type of ['error', 'close', 'message']) socket.addEventListener(type, ({ code }) => events.push(type + (code ?? '') + socket.readyState))
      await once(socket, 'open')
      lib.terminate(socket)
      lib.terminate(socket)
      const atOnce = [socket.readyState, events.length]
      await once(socket, 'close')
      await new Promise(resolve => setTimeout(resolve, 20))
      return [...atOnce, events.join(), lib.failure(socket).code]`)
    expect(told).to.deep.equal([2, 0, 'error3,close10063', 'WS_ERR_TERMINATED'])
  })

  it('drained: waits until bufferedAmount is 0', async () => {
    const told = await run(`const socket = new lib.WebSocket(base + '/echo')
      await once(socket, 'open')
      await lib.drained(socket)
      socket.send(new Uint8Array(8 * 1024 * 1024))
      const before = socket.bufferedAmount
      await lib.drained(socket)
      const after = socket.bufferedAmount
      socket.close()
      return [before, after]`)
    expect(told).to.deep.equal([8 * 1024 * 1024, 0])
  })

  it('drained: rejects when the connection ends before', async () => {
    const told = await run(`const socket = new lib.WebSocket(base + '/deaf')
      await once(socket, 'open')
      socket.send(new Uint8Array(32 * 1024 * 1024))
      const waiting = lib.drained(socket)
      lib.terminate(socket)
      return await waiting.catch(error => error.code)`)
    expect(told).to.equal('WS_ERR_TERMINATED')
  })

  it('a stream over a WebSocket: failure and terminate', async () => {
    const told = await runWithoutStreams(`const stream = new lib.WebSocketStream(base + '/echo')
      const { readable } = await stream.opened
      lib.terminate(stream)
      const error = await stream.closed.catch(error => error)
      const reading = await readable.getReader().read().catch(error => error)
      return [error instanceof lib.WebSocketError, error.closeCode, error.cause.code, lib.failure(stream) === error.cause, reading === error]`)
    expect(told).to.deep.equal([true, 1006, 'WS_ERR_TERMINATED', true, true])
  })

  it('a stream over a WebSocket keeps no more for its reader than maxUnread', async () => {
    const told =
      await runWithoutStreams(`const stream = new lib.WebSocketStream(base + '/flood', { maxUnread: 1024 * 1024 })
      const { readable } = await stream.opened
      const error = await stream.closed.catch(error => error)
      let bytes = 0
      const failure = await (async () => { for await (const message of readable) bytes += message.length })().catch(error => error)
      return [error.cause.code, failure === error, bytes]`)
    expect(told).to.deep.equal(['WS_ERR_UNREAD_LIMIT', true, 1024 * 1024])
  })

  it('a stream over a WebSocket takes the options of a page, and refuses the others', async () => {
    const told =
      await runWithoutStreams(`const silent = new lib.WebSocketStream('/silent', { handshakeTimeout: 50, baseURL: base })
      const error = await silent.opened.catch(error => error)
      let code
      try { new lib.WebSocketStream(base + '/echo', { headers: { a: 'b' } }) } catch (error) { code = error.code }
      const deaf = new lib.WebSocketStream(base + '/deaf', { closeTimeout: 50 })
      await deaf.opened
      deaf.close()
      const { cause } = await deaf.closed.catch(error => error)
      return [error.closeCode, error.cause.code, code, cause.code]`)
    expect(told).to.deep.equal([null, 'WS_ERR_HANDSHAKE_TIMEOUT', 'WS_ERR_UNSUPPORTED', 'WS_ERR_CLOSE_TIMEOUT'])
  })
})
