import { expect } from 'chai'
import { usePageWorld } from './page-world.ts'

/** What a socket did, and why it failed. */
const outcome = `const outcome = async socket => {
  const events = []
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => events.push(type))
  const { code, wasClean } = await once(socket, 'close')
  await new Promise(resolve => setTimeout(resolve))
  const { code: why, cause, message } = lib.failure(socket) ?? {}
  const limit = /\\d+ ms \\(.*/.exec(message)?.[0]
  return { events: events.join(), code, wasClean, why, cause, limit, state: socket.readyState }
}`

describe('configured() in a browser', function () {
  this.timeout(60_000)

  const suite = usePageWorld()
  const run = (body: string) => suite.run(`${outcome}\n${body}`)

  it('makes a class below that of the browser, by its name', async () => {
    const told = await run(`const Configured = lib.configured({ binaryType: 'arraybuffer' })
      const socket = new Configured(base + '/echo')
      await once(socket, 'open')
      socket.send(new Uint8Array([1, 2]))
      const { data } = await once(socket, 'message')
      socket.close()
      return [Configured.name, socket instanceof WebSocket, String(socket), [...new Uint8Array(data)], Configured.OPEN]`)
    expect(told).to.deep.equal(['WebSocket', true, '[object WebSocket]', [1, 2], 1])
  })

  it('offers the subprotocols of the defaults, of the second argument and of its options', async () => {
    const told = await run(`const Configured = lib.configured({ protocols: ['a', 'b'] })
      const given = [[], ['c'], [['d']], [{ protocols: 'e' }], [null, {}]]
      const chosen = []
      for (const values of given) {
        const socket = new Configured(base + '/echo', ...values)
        await once(socket, 'open')
        chosen.push(socket.protocol)
        socket.close()
      }
      return chosen`)
    expect(told).to.deep.equal(['a', 'c', 'd', 'e', 'a'])
  })

  it('resolves a URL against the option baseURL, and http is ws', async () => {
    const told = await run(`const Configured = lib.configured({ baseURL: base.replace('ws:', 'http:') + '/a/b' })
      const socket = new Configured('../echo?x')
      const relative = new (lib.configured({}))('echo')
      const urls = [socket.url, relative.url]
      await once(socket, 'open')
      await once(relative, 'open')
      socket.close(), relative.close()
      return urls.map(url => url.replace(base, ''))`)
    expect(told).to.deep.equal(['/echo?x', '/echo'])
  })

  it('refuses what a page cannot have, with a code and the name of the option', async () => {
    const told = await run(`const refused = []
      const attempt = act => { try { act(); refused.push('taken') } catch (error) {
        refused.push([error instanceof TypeError, error.code, /"(\\w+)"/.exec(error.message)[1]].join(' ')) } }
      for (const options of [{ headers: { a: 'b' } }, { tls: {} }, { heartbeat: { interval: 1 } }, { perMessageDeflate: false }, { nonesuch: 1 }]) {
        attempt(() => lib.configured(options))
      }
      const Configured = lib.configured({ perMessageDeflate: true, heartbeat: false, tls: undefined })
      attempt(() => new Configured(base + '/echo', null, { rejectUnauthorized: true }))
      attempt(() => new Configured(base + '/echo', { headers: {} }))
      return refused`)
    expect(told).to.deep.equal([
      'true WS_ERR_UNSUPPORTED headers',
      'true WS_ERR_UNSUPPORTED tls',
      'true WS_ERR_UNSUPPORTED heartbeat',
      'true WS_ERR_UNSUPPORTED perMessageDeflate',
      'true WS_ERR_UNSUPPORTED nonesuch',
      'true WS_ERR_UNSUPPORTED rejectUnauthorized',
      'true WS_ERR_UNSUPPORTED headers',
    ])
  })

  it('checks what a page can have', async () => {
    const told =
      await run(`return [{ handshakeTimeout: -1 }, { closeTimeout: '1' }, { binaryType: 'text' }, { signal: {} }, { browser: 'no' }, { baseURL: 'x' }, { maxUnread: -1 }]
      .map(options => { try { lib.configured(options) } catch (error) { return error.message.includes(Object.keys(options)[0]) && error.code } })`)
    expect(told).to.deep.equal(new Array(7).fill(undefined))
  })

  it('ignores what a page cannot have when it is told to', async () => {
    const told = await run(`const Configured = lib.configured({ headers: { a: 'b' }, tls: {}, browser: 'ignore' })
      const socket = new Configured(base + '/echo', null, { ca: 'x' })
      await once(socket, 'open')
      socket.close()
      return socket.readyState`)
    expect(told).to.equal(2)
    expect(suite.world.lastHeaders).not.to.have.property('a')
  })

  it('gives up when its signal is aborted', async () => {
    const told =
      await run(`const socket = new (lib.configured({}))(base + '/silent', { signal: AbortSignal.abort('enough') })
      const controller = new AbortController()
      const later = new (lib.configured({ signal: controller.signal }))(base + '/silent')
      setTimeout(() => controller.abort('too late'), 10)
      return await Promise.all([outcome(socket), outcome(later)])`)
    const failed = {
      events: 'error,close',
      code: 1006,
      wasClean: false,
      why: 'WS_ERR_ABORTED',
      limit: undefined,
      state: 3,
    }
    expect(told).to.deep.equal([
      { ...failed, cause: 'enough' },
      { ...failed, cause: 'too late' },
    ])
  })

  it('stays open when its signal is aborted later', async () => {
    const told = await run(`const controller = new AbortController()
      const socket = new (lib.configured({ signal: controller.signal }))(base + '/echo')
      await once(socket, 'open')
      controller.abort()
      socket.send('still there')
      const { data } = await once(socket, 'message')
      socket.close()
      return data`)
    expect(told).to.equal('still there')
  })

  it('gives up a server that does not answer within handshakeTimeout', async () => {
    const told = await run(`return await outcome(new (lib.configured({ handshakeTimeout: 50 }))(base + '/silent'))`)
    expect(told).to.deep.equal({
      events: 'error,close',
      code: 1006,
      wasClean: false,
      why: 'WS_ERR_HANDSHAKE_TIMEOUT',
      cause: undefined,
      limit: '50 ms ("handshakeTimeout")',
      state: 3,
    })
  })

  it('gives up a server that does not close within closeTimeout, and fires close once', async () => {
    const told = await run(`const socket = new (lib.configured({ closeTimeout: 50 }))(base + '/deaf')
      await once(socket, 'open')
      socket.close(3000, 'bye')
      return await outcome(socket)`)
    expect(told).to.include({
      events: 'error,close',
      code: 1006,
      wasClean: false,
      why: 'WS_ERR_CLOSE_TIMEOUT',
      limit: '50 ms ("closeTimeout")',
      state: 3,
    })
  })

  it('closes cleanly within closeTimeout', async () => {
    const told =
      await run(`const socket = new (lib.configured({ closeTimeout: 20_000, handshakeTimeout: 20_000 }))(base + '/echo')
      await once(socket, 'open')
      socket.close(3000, 'bye')
      return await outcome(socket)`)
    expect(told).to.include({ events: 'close', code: 3000, wasClean: true, state: 3 })
    expect(told).to.have.property('why', undefined)
  })

  it('knows that it was closed before it was open', async () => {
    const told = await run(`const socket = new (lib.configured({}))(base + '/silent')
      socket.close()
      return await outcome(socket)`)
    expect(told).to.include({ events: 'error,close', code: 1006, why: 'WS_ERR_CLOSED_BEFORE_OPEN' })
  })
})
