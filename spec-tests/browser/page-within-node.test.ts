import { basename, join } from 'node:path'
import { expect } from 'chai'
import { build } from 'esbuild'
import { runModule } from '../support/child.ts'
import { root } from '../support/root.ts'

const file = (path: string): string => JSON.stringify(join(root, 'dist/bundle/entry', path))

/** What makes a page of a program of Node.js, and whether our engine runs in it. */
const HOSTS: readonly [name: string, setup: string, isEngine: boolean][] = [
  ['no document', '', false],
  ['a document within Node.js, as jsdom in Jest', 'globalThis.document = {}', true],
  ['a page of Electron', "globalThis.document = {}; process.versions.electron = '38.0.0'", false],
  ['a page of NW.js', "globalThis.document = {}; process.versions.nw = '0.100.0'", false],
  ['a page with another process', 'globalThis.document = {}; globalThis.process = { versions: {} }', false],
  ['a page without a process', 'globalThis.document = {}; delete globalThis.process', false],
]

describe('The condition browser without a bundler', function () {
  // Each test starts a process, on machines that have other things to do.
  this.timeout(60_000)

  for (const [name, setup, isEngine] of HOSTS) {
    it(`${name}: ${isEngine ? 'our class' : 'that of the host'}, by import and by require`, async () => {
      const { lines, errors } = await runModule(
        `const { createRequire } = await import('node:module')
        const load = createRequire(import.meta.url)
        class WebSocket extends EventTarget {}
        globalThis.WebSocket = WebSocket
        // Before the setup, since it does not load without a process.
        const engine = load(${file('node.cjs')})
        ${setup}
        const imported = await import(${file('page.js')})
        const required = load(${file('page.cjs')})
        const host = load(${file('browser.cjs')})
        const names = Object.keys(imported)
        console.log(imported.WebSocket === engine.WebSocket, imported.default === WebSocket)
        console.log(names.every(name => imported[name] === required[name]), names.length === Object.keys(engine).length)
        const target = imported.WebSocket === WebSocket ? host : engine
        await import(${file('page-polyfill.js')})
        console.log(globalThis.WebSocketStream === target.WebSocketStream, globalThis.WebSocket === WebSocket)`,
      )
      expect(errors).to.equal('')
      expect(lines).to.deep.equal([`${isEngine} ${!isEngine}`, 'true true', 'true true'])
    })
  }
})

describe('A page by a bundler without the condition module', function () {
  // Bundlers are slow on machines that have other things to do.
  this.timeout(60_000)

  for (const code of [
    "import { WebSocket } from 'whatwg-websocket'",
    "const { WebSocket } = require('whatwg-websocket')",
  ]) {
    it(`${code}: has nothing of the engine in it`, async () => {
      const { metafile } = await build({
        // A condition of one's own takes the place of esbuild's condition "module".
        ...{
          conditions: ['worker'],
          platform: 'browser',
          bundle: true,
          write: false,
          metafile: true,
          logLevel: 'silent',
        },
        stdin: { contents: `${code}\nnew WebSocket('wss://echo.example/')`, resolveDir: root },
      })
      const files = Object.keys(metafile.inputs).map(name => basename(name))
      expect(files).to.include('browser.cjs').and.not.include('node.cjs')
    })
  }
})
