import { join } from 'node:path'
import { expect } from 'chai'
import { type ModuleEnded, runModule, runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'

/*
 * Test frameworks replace the functions of time on the global scope: Jest, Vitest and sinon those of timers, and Jest the ones
 * for ticks and microtasks. A socket works on, as the built-in class of Node.js does.
 */

/** Replaces everything of time. What the package calls of it shows as a line, and does nothing. */
const FAKES = `
  import timers from 'node:timers'
  import promises from 'node:timers/promises'
  import { syncBuiltinESMExports } from 'node:module'
  const isOurs = () => /[\\\\/]dist[\\\\/]/.test(new Error().stack.split('\\n')[3])
  const fakes = []
  function fake(object, name) {
    const real = object[name]
    const replacement = function (...values) {
      // Node.js itself calls some of them.
      if (!isOurs()) return real.apply(this, values)
      console.log('called', name)
      return { unref() {} }
    }
    fakes.push(() => Object.defineProperty(object, name, { value: replacement, configurable: true, writable: true }))
  }
  const names = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'queueMicrotask']
  for (const name of names) fake(globalThis, name)
  for (const name of names.slice(0, 4)) fake(timers, name)
  for (const name of ['setTimeout', 'setImmediate']) fake(promises, name)
  fake(process, 'nextTick')
  fake(process, 'hrtime')
  fake(performance, 'now')
  fake(Date, 'now')
  const install = () => {
    for (const put of fakes) put()
    syncBuiltinESMExports()
  }
`

/** One exchange with an echo server by each class, with all that takes time; prints what happens. */
const EXCHANGE = `
  const [, url, refused, deaf] = process.argv
  const next = (socket, type) => new Promise(resolve => socket.addEventListener(type, resolve, { once: true }))

  async function exchange({ WebSocket, WebSocketStream, drained, ping }) {
    const socket = new WebSocket(url, { heartbeat: { interval: 600_000 } })
    socket.binaryType = 'arraybuffer'
    await next(socket, 'open')
    socket.send('text')
    console.log((await next(socket, 'message')).data)
    socket.send(new Blob(['x'.repeat(300_000)]))
    await drained(socket)
    console.log((await next(socket, 'message')).data.byteLength)
    console.log('milliseconds', (await ping(socket)) > 0)
    socket.close(3001)
    console.log('close', (await next(socket, 'close')).code)

    const stream = new WebSocketStream(url)
    const { readable, writable } = await stream.opened
    const writer = writable.getWriter()
    for (const text of ['one', 'two']) await writer.write(text)
    const reader = readable.getReader()
    console.log((await reader.read()).value, (await reader.read()).value)
    stream.close({ closeCode: 3002 })
    console.log('closed', (await stream.closed).closeCode)

    const duplex = new WebSocket(url, { connect: duplexTo })
    await next(duplex, 'open')
    duplex.close(3003)
    console.log('close', (await next(duplex, 'close')).code)
  }

  async function duplexTo({ port }) {
    const { connect } = await import('node:net')
    const { Duplex } = await import('node:stream')
    return Duplex.toWeb(connect(port, '127.0.0.1'))
  }

  async function refusal({ WebSocket, handshake }) {
    const socket = new WebSocket(refused)
    await next(socket, 'close')
    console.log('status', handshake(socket).status)
  }
`

const EXCHANGED = ['text', '300000', 'milliseconds true', 'close 3001', 'one two', 'closed 3002', 'close 3003']

describe('Where functions of time are replaced', function () {
  this.timeout(60_000)
  const loopback = useLoopback()

  async function run(script: string): Promise<ModuleEnded> {
    const server = await loopback.serve({ perMessageDeflate: true })
    const refusing = await loopback.serveRaw()
    const deaf = await loopback.serveRaw()
    const child = runModule(FAKES + EXCHANGE + script, [server.url, refusing.url, deaf.url])
    void (async () => {
      for (let connection = 0; connection < 3; connection++) {
        const peer = await server.accept()
        peer.socket.on('message', (data, isBinary) => peer.socket.send(data, { binary: isBinary }))
      }
      const peer = await refusing.accept()
      // Not all of the body: it is not waited for without end.
      await peer.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 10\r\n\r\nshort')
    })()
    return child
  }

  function expectLines({ exitCode: code, lines, errors }: ModuleEnded, expected: readonly string[]): void {
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(expected)
    expect(code).to.equal(0)
  }

  it('after the package was loaded, sockets work and call none of them', async () => {
    const script = `
      const ours = await import('#lib/entry/node.js')
      install()
      await exchange(ours)
      await refusal(ours)
    `
    expectLines(await run(script), [...EXCHANGED, 'status 403'])
  })

  it('after the package was loaded, time limits are of real time', async () => {
    const script = `
      const { WebSocket, failure } = await import('#lib/entry/node.js')
      install()
      const socket = new WebSocket(deaf, { handshakeTimeout: 20 })
      socket.onclose = () => console.log(failure(socket).code)
    `
    expectLines(await run(script), ['WS_ERR_HANDSHAKE_TIMEOUT'])
  })

  it('after the package was loaded, the stream over a socket of the stand-in for ws comes to its close', async () => {
    const script = `
      const { createWebSocketStream, WebSocket } = await import('#lib/entry/ws.js')
      install()
      const duplex = createWebSocketStream(new WebSocket(url))
      duplex.on('close', () => console.log('closed'))
      duplex.on('data', data => duplex.end(console.log(String(data))))
      duplex.write('text')
    `
    expectLines(await run(script), ['text', 'closed'])
  })

  it('before the package is loaded, node:timers too, sockets work', async () => {
    const script = `
      // As the fakes that Vitest and Jest use.
      const fakeTimer = () => ({ unref() {} })
      for (const object of [globalThis, timers]) {
        Object.assign(object, { setTimeout: fakeTimer, setImmediate: fakeTimer, clearTimeout() {}, clearImmediate() {} })
      }
      syncBuiltinESMExports()
      await exchange(await import('#lib/entry/node.js'))
    `
    expectLines(await run(script), EXCHANGED)
  })
})

describe('Without a global process', () => {
  const loopback = useLoopback()

  it('which is deleted after the package was loaded, as is what gives modules, a socket works', async () => {
    const script = `
      import process from 'node:process'
      const [, url] = process.argv
      import { ping, WebSocket } from '#lib/entry/node.js'
      delete process.getBuiltinModule
      delete globalThis.process
      const socket = new WebSocket(url)
      socket.onopen = () => socket.send(new Blob(['x'.repeat(200_000)]))
      socket.onmessage = async ({ data }) => {
        console.log(data.size)
        await ping(socket)
        socket.close()
      }
      socket.onclose = ({ code }) => console.log('close', code)
    `
    const server = await loopback.serve({ perMessageDeflate: true })
    const child = runModule(script, [server.url])
    const peer = await server.accept()
    peer.socket.on('message', (data, isBinary) => peer.socket.send(data, { binary: isBinary }))
    const { exitCode: code, lines, errors } = await child
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(['200000', 'close 1005'])
    expect(code).to.equal(0)
  })
})

describe('Where functions of time are replaced, on other runtimes', function () {
  this.timeout(INSTALL_LIMIT)
  const loopback = useLoopback()

  for (const [name, program, flags] of [
    ['bun', () => ensureRuntime('bun'), []],
    ['deno', () => ensureRuntime('deno'), ['run', '--allow-all', '--quiet']],
  ] as const) {
    it(`after the package was loaded, ping and limits are of real time in ${name}, whose other clocks may call a replaced one`, async () => {
      const server = await loopback.serve()
      const script = `
        import { ping, WebSocket } from ${JSON.stringify(join(root, 'dist/bundle/entry/node.js'))}
        performance.now = Date.now = process.hrtime = () => {
          throw new Error('replaced')
        }
        const socket = new WebSocket(${JSON.stringify(server.url)}, { heartbeat: { interval: 20, timeout: 10_000 } })
        socket.onopen = async () => {
          console.log((await ping(socket)) > 0)
          socket.close(3000)
        }
        socket.onclose = ({ code }) => console.log(code)
      `
      const file = join(makeFolder({ 'program.mjs': script }), 'program.mjs')
      const { output, errors } = await runProgram(await program(), [...flags, file])
      expect([output, errors]).to.deep.equal(['true\n3000\n', ''])
    })
  }
})
