import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from '@babel/parser'
import { expect } from 'chai'
import { build } from 'esbuild'
import { runInReactNative } from '../../scripts/browsers/react-native-scope.ts'
import { type ModuleEnded, runModule } from '../support/child.ts'
import { root } from '../support/root.ts'

const file = (path: string): string => join(root, 'dist/bundle', path)

const ENTRIES = ['browser', 'react-native']

describe('The entries of browsers and React Native, without a browser', function () {
  // Some tests start processes, on machines that have other things to do.
  this.timeout(60_000)

  for (const name of ENTRIES) {
    it(`${name}: has the exports of the entry of Node.js, for import and for require`, () => {
      const require = createRequire(import.meta.url)
      const wanted = Object.keys(require(file('entry/node.cjs')) as object)
      expect(Object.keys(require(file(`entry/${name}.cjs`)) as object)).to.have.members(wanted)
    })

    it(`${name}: can be imported where nothing of a browser exists, as on a server that renders pages`, async () => {
      const { lines, errors, exitCode } = await runBare(
        `const lib = await import(${JSON.stringify(file(`entry/${name}.js`))})
        const Configured = lib.configured({ protocols: 'a', handshakeTimeout: 1000 })
        class Own extends lib.WebSocket {}
        for (const make of [() => new lib.WebSocket('ws://localhost'), () => new Configured('ws://localhost'), () => new Own()]) {
          try { make() } catch (error) { console.log(error.code) }
        }
        console.log(Object.getOwnPropertyNames(globalThis).filter(name => /Socket|CloseEvent/.test(name)).length)
        lib.install(globalThis)
        console.log(typeof WebSocket, typeof CloseEvent)`,
      )
      expect(errors).to.equal('')
      expect(exitCode).to.equal(0)
      const unsupported = ['WS_ERR_UNSUPPORTED', 'WS_ERR_UNSUPPORTED', 'WS_ERR_UNSUPPORTED']
      expect(lines).to.deep.equal([...unsupported, '0', 'undefined undefined'])
    })

    it(`${name}: the classes have their names and constants where nothing of a browser exists`, async () => {
      const { lines, errors } = await runBare(
        `const lib = await import(${JSON.stringify(file(`entry/${name}.js`))})
        for (const name of ['WebSocket', 'CloseEvent', 'MessageEvent', 'WebSocketStream', 'WebSocketError']) console.log(lib[name].name)
        console.log(lib.WebSocket.CONNECTING, lib.WebSocket.OPEN, lib.WebSocket.CLOSING, lib.WebSocket.CLOSED)`,
      )
      expect(errors).to.equal('')
      const names = ['WebSocket', 'CloseEvent', 'MessageEvent', 'WebSocketStream', 'WebSocketError']
      expect(lines).to.deep.equal([...names, '0 1 2 3'])
    })
  }

  it('browser: a write has left when bufferedAmount has fallen, but for what falls with the close of the server', async () => {
    // As Chromium does it: at the server's Close frame it drops what waits, and takes that out of bufferedAmount before it closes.
    const { lines, errors } = await runModule(
      `globalThis.WebSocket = class WebSocket extends EventTarget {
        readyState = 0
        bufferedAmount = 0
        protocol = ''
        extensions = ''
        constructor() {
          super()
          sockets.push(this)
        }
        send(data) {
          this.bufferedAmount += data.length
        }
        fire(type, readyState, more) {
          this.readyState = readyState
          this.dispatchEvent(Object.assign(new Event(type), more))
        }
      }
      const sockets = []
      // A page does not end while something is pending.
      const page = setInterval(() => {}, 1000)
      const lib = await import(${JSON.stringify(file('entry/browser.js'))})
      const task = () => new Promise(resolve => setImmediate(resolve))
      async function writes(length, end) {
        const stream = new lib.WebSocketStream('ws://localhost/')
        const socket = sockets.at(-1)
        socket.fire('open', 1)
        const writer = (await stream.opened).writable.getWriter()
        const written = writer.write(new Uint8Array(length)).then(() => 'written', ({ name }) => name)
        await task()
        await end(socket, written)
        await task()
        const closed = stream.closed.then(({ closeCode }) => closeCode, ({ name, closeCode }) => name + closeCode)
        socket.readyState = 2
        setTimeout(() => socket.fire('close', 3, { code: 1000, reason: '', wasClean: true }), 50)
        console.log(length, await written, await closed)
      }
      const large = 4 * 1024 * 1024
      const drop = socket => Object.assign(socket, { bufferedAmount: 0, readyState: 2 })
      const dropAndClose = socket => Object.defineProperty(socket, 'bufferedAmount', {
        get() {
          queueMicrotask(() => (socket.readyState = 2))
          return 0
        }
      })
      await writes(large, dropAndClose)
      await writes(large, drop)
      await writes(100_000, drop)
      await writes(large, (socket, written) => {
        socket.bufferedAmount = 0
        return written
      })
      clearInterval(page)`,
    )
    expect(errors).to.equal('')
    expect(lines).to.deep.equal([
      '4194304 InvalidStateError WebSocketError1000',
      '4194304 InvalidStateError WebSocketError1000',
      '100000 written 1000',
      '4194304 written 1000',
    ])
  })

  it('the page of a bundler that takes WebSocket alone has less than 3 kB, and nothing of the engine', async () => {
    const { text, inputs } = await bundle("export { WebSocket } from 'whatwg-websocket'")
    expect(gzipSync(text, { level: 9 }).length).to.be.below(3000)
    expect(inputs.filter(input => /codec|transport|session|opening/.test(input))).to.deep.equal([])
  })

  it('a page that takes all has nothing of the engine, and of Node.js', async () => {
    const { text, inputs } = await bundle("export * from 'whatwg-websocket'\nimport 'whatwg-websocket/polyfill'")
    expect(text).not.to.include('node:')
    expect(inputs.filter(input => /dist\/(codec|transport|platform\/(?!utf8-length))/.test(input))).to.deep.equal([])
    expect(inputs.some(input => input.endsWith('dist/entry/browser-polyfill.js'))).to.equal(true)
  })

  it('a page that takes no streams has none', async () => {
    const { inputs } = await bundle("export { configured, drained, failure, terminate } from 'whatwg-websocket'")
    expect(inputs.filter(input => /stream-state|message-(readable|writable)/.test(input))).to.deep.equal([])
  })

  it('react-native: has no syntax that Hermes, or a Babel of its age, does not know', () => {
    for (const path of ['react-native.cjs', 'entry/react-native.js', 'entry/react-native-polyfill.cjs']) {
      const isModule = path.endsWith('.js')
      const { program } = parse(readFileSync(file(path), 'utf8'), { sourceType: isModule ? 'module' : 'script' })
      const found = nodeTypes(program)
      expect([...found].filter(type => /Private|StaticBlock|ClassProperty|Optional|BigInt/.test(type))).to.deep.equal(
        [],
      )
    }
    // A pattern with a property of Unicode fails the whole file.
    expect(readFileSync(file('react-native.cjs'), 'utf8')).not.to.match(/\\p\{/)
  })

  it('react-native: passes header fields, as the third argument, and tells why a connection failed', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `import { configured, failure, ping, WebSocket } from ${JSON.stringify(file('entry/react-native.js'))}
        const told = globalThis.told = [WebSocket === globalThis.WebSocket]
        const Configured = configured({ headers: { Authorization: 'Bearer 1', 'X-Kind': 'any' }, origin: 'https://a.example' })
        const socket = new Configured('ws://localhost/a', 'chat', { headers: { 'x-kind': 'special' } })
        told.push(JSON.stringify(socket.options), String(socket.protocols), socket.url)
        told.push(new Configured('https://localhost').url, JSON.stringify(new (configured({}))('ws://localhost').options))
        try { configured({ tls: {} }) } catch ({ code }) { told.push(code) }
        try { configured({ headers: { 'a b': 'c' } }) } catch ({ name }) { told.push(name) }
        socket.onerror = () => told.push(failure(socket).code, failure(socket).message)`,
        resolveDir: root,
      },
      ...{ bundle: true, write: false, format: 'iife' },
    })
    expect(runInReactNative(outputFiles![0]!.text)).to.deep.equal([
      true,
      '{"Authorization":"Bearer 1","x-kind":"special","origin":"https://a.example"}'.replace(/.*/, '{"headers":$&}'),
      'chat',
      'ws://localhost/a',
      'wss://localhost',
      undefined,
      'WS_ERR_UNSUPPORTED',
      'TypeError',
      'WS_ERR_CONNECT',
      'The connection could not be established: Connection refused',
    ])
  })
})

/** Runs a module in a Node.js that has none of the globals of the web that matter here. */
function runBare(source: string): Promise<ModuleEnded> {
  return runModule(
    `const kept = Object.getOwnPropertyNames(globalThis)
    for (const name of kept.filter(name => /WebSocket|Event|Stream|DOMException|MessageChannel/.test(name))) delete globalThis[name]
    ${source}`,
  )
}

/** Bundles a module for a browser, from the package by its name. */
async function bundle(contents: string): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', metafile: true },
  })
  const [output] = Object.values(metafile!.outputs)
  const inputs = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return { text: outputFiles![0]!.text, inputs: inputs.map(([path]) => path) }
}

function nodeTypes(node: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(node)) for (const child of node) nodeTypes(child, found)
  else if (typeof node === 'object' && node !== null) {
    const { type } = node as { type?: unknown }
    if (typeof type === 'string') found.add(type)
    for (const child of Object.values(node)) nodeTypes(child, found)
  }
  return found
}
