import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { parse } from '@babel/parser'
import { expect } from 'chai'
import { build } from 'esbuild'
import { type Node, visit } from '../../scripts/check/source.ts'
import { runModule, runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const require = createRequire(import.meta.url)
const transports = readdirSync(join(root, 'dist/transport')).filter(name => name.endsWith('.js'))
// The transport of workerd imports a module that no other host has.
const names = transports.map(name => basename(name, '.js')).filter(name => name !== 'cloudflare')
const subpaths = ['whatwg-websocket', ...names.map(name => `whatwg-websocket/transport/${name}`)]

/** What a program sees of the classes' names. */
const NAMES = `
  import { CloseEvent, MessageEvent, WebSocket, WebSocketError, WebSocketStream } from 'whatwg-websocket'
  for (const Class of [WebSocket, CloseEvent, MessageEvent, WebSocketStream, WebSocketError]) {
    try { Class() } catch (error) { console.log(Class.name, error.message) }
    try { new Class(Symbol()) } catch (error) { console.log(error.stack.includes('at new ' + Class.name + ' ')) }
  }
  const socket = new WebSocket('wss://127.0.0.1:9/')
  socket.onclose = event => console.log(event.code)`
const SEEN = [
  ...['WebSocket', 'CloseEvent', 'MessageEvent', 'WebSocketStream', 'WebSocketError'].flatMap(name => [
    `${name} Class constructor ${name} cannot be invoked without 'new'`,
    'true',
  ]),
  '1006',
]

/** All entries by both module systems, and what is the same of them. */
const ONE_COPY = `
  import { ConnectionError, WebSocket } from 'whatwg-websocket'
  import 'whatwg-websocket/polyfill'
  import { memoryPair } from 'whatwg-websocket/transport/memory'
  import Ws, { WebSocket as Named } from 'whatwg-websocket/ws'
  const required = require('whatwg-websocket')
  const RequiredWs = require('whatwg-websocket/ws')
  const socket = new RequiredWs('ws://127.0.0.1:1/')
  socket.on('error', ({ cause }) => console.log(
    required.WebSocket === WebSocket,
    globalThis.WebSocketStream === required.WebSocketStream,
    require('whatwg-websocket/transport/memory').memoryPair === memoryPair,
    RequiredWs === Ws && Ws === Named,
    RequiredWs.WebSocket === Ws && RequiredWs.OPEN === 1,
    cause instanceof ConnectionError,
  ))
  socket.terminate()`
const MAKE_REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

describe('Modules', function () {
  this.timeout(60_000)

  for (const subpath of subpaths) {
    it(`require and import give the same of ${subpath}`, async () => {
      const imported = (await import(subpath)) as Record<string, unknown>
      const required = require(subpath) as Record<string, unknown>
      expect(Object.keys(required).sort()).to.deep.equal(Object.keys(imported).sort())
      for (const [name, value] of Object.entries(imported)) expect(required[name], name).to.equal(value)
      expect(required.__esModule).to.equal(true)
    })
  }

  it('all that require gives is strict code, as in the ES modules', () => {
    for (const subpath of [...subpaths, 'whatwg-websocket/core', 'whatwg-websocket/ws']) {
      const exports = require(subpath) as Record<string, unknown>
      const sloppy = Object.entries(exports).filter(
        ([, value]) => typeof value === 'function' && Object.hasOwn(value, 'caller'),
      )
      expect(sloppy, subpath).to.deep.equal([])
    }
  })

  it('whichever comes first', async () => {
    for (const loads of [
      "const imported = await import('whatwg-websocket'); const required = require('whatwg-websocket')",
      "const required = require('whatwg-websocket'); const imported = await import('whatwg-websocket')",
    ]) {
      const { lines, errors } = await runModule(`
        import { createRequire } from 'node:module'
        const require = createRequire(import.meta.url)
        ${loads}
        console.log(imported.WebSocket === required.WebSocket, imported.default === required.default)`)
      expect(errors).to.equal('')
      expect(lines).to.deep.equal(['true true'])
    }
  })

  it('what require gives can be replaced, as tests do', () => {
    const required = require('whatwg-websocket') as Record<string, unknown>
    const { ping } = required
    required.ping = 5
    expect((require('whatwg-websocket') as typeof required).ping).to.equal(5)
    required.ping = ping
  })

  it('the names of the classes are those of the standard', async () => {
    expect((await runModule(NAMES)).lines).to.deep.equal(SEEN)
  })

  for (const [format, minify] of [
    ['esm', false],
    ['esm', true],
    ['cjs', false],
    ['cjs', true],
  ] as const) {
    it(`a bundle, ${format}${minify ? ', minified' : ''}, is one file that runs alone, and keeps the names`, async () => {
      const folder = makeFolder()
      const { outputFiles } = await build({
        stdin: { contents: NAMES, resolveDir: root },
        bundle: true,
        minify,
        format,
        splitting: format === 'esm',
        platform: 'node',
        outdir: folder,
        entryNames: 'program',
        outExtension: { '.js': format === 'esm' ? '.mjs' : '.cjs' },
        metafile: true,
        write: false,
      })
      expect(outputFiles).to.have.length(1)
      const alone = makeFolder({ [basename(outputFiles[0]!.path)]: outputFiles[0]!.text })
      const { output, errors } = await runNode([join(alone, basename(outputFiles[0]!.path))])
      expect(errors).to.equal('')
      expect(output.trim().split('\n')).to.deep.equal(SEEN)
    })
  }

  for (const format of ['esm', 'cjs'] as const) {
    it(`a bundle of all entries, imported and required, has one copy of the engine: ${format}`, async () => {
      const { outputFiles, metafile } = await build({
        stdin: { contents: ONE_COPY, resolveDir: root, loader: 'js' },
        bundle: true,
        format,
        platform: 'node',
        outfile: 'program.js',
        metafile: true,
        write: false,
        banner: format === 'esm' ? { js: MAKE_REQUIRE } : {},
      })
      const engines = Object.keys(metafile!.inputs).filter(input =>
        /bundle\/node\.cjs$|session\/session\.js$/.test(input),
      )
      expect(engines).to.deep.equal(['dist/session/session.js'])
      const name = format === 'esm' ? 'program.mjs' : 'program.cjs'
      const { output, errors } = await runNode([join(makeFolder({ [name]: outputFiles![0]!.text }), name)])
      expect(errors).to.equal('')
      expect(output.trim()).to.equal('true true true true true true')
    })
  }

  it('a bundle with conditions of its own, without "module", runs alone', async () => {
    const folder = makeFolder()
    const bundled = join(folder, 'bundle.mjs')
    await build({
      stdin: { contents: `import Ws from 'whatwg-websocket/ws'\n${NAMES}\nconsole.log(Ws.name)`, resolveDir: root },
      ...{ bundle: true, platform: 'node', format: 'esm', outfile: bundled },
      conditions: ['development'],
    })
    const { output, errors } = await runNode([bundled])
    expect(errors).to.equal('')
    expect(output.trim().split('\n')).to.have.members([...SEEN, 'WebSocket'])
  })

  it('no minified class has what sucrase, and so tsup, makes no syntax of', async () => {
    const { outputFiles } = await build({
      stdin: { contents: `${NAMES}\nimport Ws from 'whatwg-websocket/ws'\nconsole.log(Ws.name)`, resolveDir: root },
      ...{ bundle: true, minify: true, platform: 'node', format: 'esm', target: 'es2022', write: false },
    })
    const broken: string[] = []
    visit(parse(outputFiles[0]!.text, { sourceType: 'module' }).program as never, node => {
      if (!node.type.startsWith('Class') || !node.superClass) return
      const members = (node as unknown as { body: { body: Node[] } }).body.body
      const fields = members.filter(({ type, value, static: own }) => type === 'ClassProperty' && value && !own)
      // Sucrase puts initializers behind the call of super(), also where a comma follows.
      const joined = members.some(({ kind, body }) => kind === 'constructor' && beginsBySuperAndComma(body as never))
      if (joined) broken.push(...fields.map(({ key }) => (key as { name: string } | null)?.name ?? '?'))
    })
    expect(broken).to.deep.equal([])
  })

  it('loading the package loads no module of Node.js that is slow', async () => {
    const { lines } = await runModule(`
      const before = new Set(process.moduleLoadList)
      await import('whatwg-websocket')
      const slow = ['net', 'tls', 'dns', 'crypto', 'zlib', 'http', 'https', 'stream', 'async_hooks']
      const loaded = process.moduleLoadList.filter(name => !before.has(name))
      console.log(slow.filter(name => loaded.includes('NativeModule ' + name)).join() || 'none')`)
    expect(lines).to.deep.equal(['none'])
  })
})

/** Whether a constructor has `super(...), ...` for a statement, as minifiers write it. */
function beginsBySuperAndComma({ body }: { body: readonly { expression?: any }[] }): boolean {
  return body.some(({ expression }) => {
    return expression?.type === 'SequenceExpression' && expression.expressions[0].callee?.type === 'Super'
  })
}
