import { expect } from 'chai'
import { usePageWorld } from './page-world.ts'

describe('The functions in a browser', function () {
  this.timeout(60_000)

  const suite = usePageWorld()
  const { run } = suite

  /** Makes this browser one without streams, before the library is loaded. */
  const runWithoutStreams = (body: string) =>
    suite.run(body, 'delete globalThis.WebSocketStream; delete globalThis.WebSocketError')

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

  it('a stream of the browser itself refuses the options that it cannot have, with a code and the name', async () => {
    const told = await run(`const refused = []
      for (const options of [{ headers: { a: 'b' } }, { tls: {} }, { closeTimeout: 50 }, { streams: { ReadableStream, WritableStream: class {} } }, { nonesuch: 1 }]) {
        try { new lib.WebSocketStream(base + '/echo', options); refused.push('taken') } catch (error) {
          refused.push([error instanceof TypeError, error.code, /"(\\w+)"/.exec(error.message)[1]].join(' ')) }
      }
      return refused`)
    const names = ['headers', 'tls', 'closeTimeout', 'streams', 'nonesuch']
    expect(told).to.deep.equal(names.map(name => `true WS_ERR_UNSUPPORTED ${name}`))
  })

  it('a stream of the browser itself ignores them when it is told to, and takes what asks for nothing', async () => {
    const told = await run(`const all = [
        { headers: { a: 'b' }, closeTimeout: 50, streams: {}, browser: 'ignore' },
        { perMessageDeflate: true, closeTimeout: 0, streams: { ReadableStream, WritableStream }, maxUnread: 0, debug: true },
        undefined,
        null,
      ]
      const protocols = []
      for (const options of all) {
        const stream = new lib.WebSocketStream(base + '/echo', options && { ...options, protocols: ['a'] })
        protocols.push((await stream.opened).protocol)
        stream.close()
      }
      return protocols`)
    expect(told).to.deep.equal(['a', 'a', '', ''])
    expect(suite.world.lastHeaders).not.to.have.property('a')
  })

  it('a stream of the browser itself is checked as one of ours', async () => {
    const told =
      await run(`const attempts = [[], [base, 1], [base, { protocols: 'a' }], [base, { handshakeTimeout: -1 }], ['ftp://host/'], [base + '/', { protocols: ['a', 'a'] }]]
      return attempts.map(values => { try { new lib.WebSocketStream(...values); return 'taken' } catch (error) { return error.name } })`)
    const wanted = ['TypeError', 'TypeError', 'TypeError', 'TypeError', 'SyntaxError', 'SyntaxError']
    expect(told).to.deep.equal(wanted)
  })

  it('a stream of the browser itself: handshakeTimeout, signal and failure', async () => {
    const told =
      await run(`const late = new lib.WebSocketStream('/silent', { handshakeTimeout: 50, baseURL: base, signal: new AbortController().signal })
      const error = await late.opened.catch(error => error)
      const codes = [error.name, lib.failure(late).code, lib.failure(late).message]
      const aborted = new lib.WebSocketStream(base + '/silent', { handshakeTimeout: 20_000, signal: AbortSignal.abort('enough') })
      codes.push((await aborted.opened.catch(error => error)).name, lib.failure(aborted).code)
      const refused = new lib.WebSocketStream(base + '/refuse')
      await refused.opened.catch(() => {})
      codes.push(lib.failure(refused).code)
      const lost = new lib.WebSocketStream(base + '/echo', { handshakeTimeout: 20_000 })
      const { writable } = await lost.opened
      codes.push(lib.failure(lost))
      writable.getWriter().write('drop me').catch(() => {})
      await lost.closed.catch(() => {})
      codes.push(lib.failure(lost).code)
      const clean = new lib.WebSocketStream(base + '/echo')
      await clean.opened
      clean.close({ closeCode: 3000 })
      codes.push((await clean.closed).closeCode, lib.failure(clean))
      return codes`)
    expect(told).to.deep.equal([
      ...['AbortError', 'WS_ERR_HANDSHAKE_TIMEOUT'],
      'The opening handshake did not complete within 50 ms ("handshakeTimeout")',
      ...['AbortError', 'WS_ERR_ABORTED', 'WS_ERR_CONNECT'],
      ...[undefined, 'WS_ERR_CONNECTION_LOST', 3000, undefined],
    ])
  })
})
