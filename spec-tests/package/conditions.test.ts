import { spawnSync } from 'node:child_process'
import { realpathSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { build } from 'esbuild'
import { type Project, unpackProject } from '../../scripts/check/installed.ts'
import { packOnce } from '../../scripts/check/tarball.ts'
import { startWorkerd } from '../../scripts/runtimes/workerd.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/*
 * Each condition of package.json, resolved by the runtime or the bundler that it is for, from the packed tarball. The entry that ran is
 * printed.
 */

/** Opens a socket to a port where nobody listens, and tells what became of it. */
const PROGRAM = `const socket = new WebSocket('ws://127.0.0.1:2/')
const { code } = await new Promise(resolve => { socket.onclose = resolve })
const outcome = [code, failure(socket).code].join(' ')
`
const OUTCOME = '1006 WS_ERR_CONNECT'

describe('The conditions of package.json', function () {
  this.timeout(120_000)
  let project: Project

  before(async function () {
    this.timeout(INSTALL_LIMIT)
    project = unpackProject(packOnce(root, makeFolder()), 'whatwg-websocket', join(makeFolder(), 'project'))
  })

  /** The path of a file of the package, below its folder. */
  function inPackage(path: string): string {
    return relative(realpathSync(project.installed), realpathSync(path)).replaceAll('\\', '/')
  }

  function print(condition: string, entry: string): void {
    console.log(`      ${condition.padEnd(32)} ${entry}`)
  }

  /** Runs a program that imports and requires the package. @returns the files that `import` and `require` gave */
  function runProgram(executable: string, flags: readonly string[]): { imported: string; required: string } {
    const program = join(project.folder, 'program.mjs')
    writeFileSync(
      program,
      `import { createRequire } from 'node:module'
      import { failure, WebSocket } from 'whatwg-websocket'
      import { memoryPair } from 'whatwg-websocket/transport/memory'
      import 'whatwg-websocket/polyfill'
      import Ws from 'whatwg-websocket/ws'
      ${PROGRAM}
      const require = createRequire(import.meta.url)
      const required = require('whatwg-websocket')
      const ws = new Ws('ws://127.0.0.1:2/')
      ws.terminate()
      const { cause } = await new Promise(resolve => ws.on('error', resolve))
      const same = [
        required.WebSocket === WebSocket,
        required.WebSocketStream === globalThis.WebSocketStream,
        require('whatwg-websocket/transport/memory').memoryPair === memoryPair,
        require('whatwg-websocket/ws') === Ws,
        cause instanceof required.ConnectionError,
      ].every(Boolean)
      const imported = import.meta.resolve('whatwg-websocket')
      console.log(JSON.stringify({ outcome, same, imported, required: require.resolve('whatwg-websocket') }))`,
    )
    const { status, stdout, stderr } = spawnSync(executable, [...flags, program], {
      cwd: project.folder,
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
    const { outcome, same, imported, required } = JSON.parse(stdout) as Record<string, string>
    expect({ outcome, same }).to.deep.equal({ outcome: OUTCOME, same: true })
    return { imported: inPackage(fileURLToPath(imported!)), required: inPackage(required!) }
  }

  /** Bundles a program with esbuild. @returns its text, and the file of the package that the program imports */
  async function bundle(contents: string, options: object): Promise<{ text: string; entry: string }> {
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir: project.folder },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      external: ['cloudflare:*'],
      absWorkingDir: project.folder,
      logLevel: 'silent',
      ...options,
    })
    const [imported] = metafile.inputs['<stdin>']!.imports
    return { text: outputFiles[0]!.text, entry: inPackage(join(project.folder, imported!.path)) }
  }

  it('node', () => {
    const { imported, required } = runProgram(process.execPath, [])
    print('node, import', imported)
    print('node, require', required)
    expect([imported, required]).to.deep.equal(['dist/bundle/entry/node.js', 'dist/bundle/entry/node.cjs'])
  })

  it('bun', async function () {
    this.timeout(INSTALL_LIMIT)
    const { imported, required } = runProgram(await ensureRuntime('bun'), [])
    print('bun, import', imported)
    print('bun, require', required)
    expect([imported, required]).to.deep.equal(['dist/bundle/entry/node.js', 'dist/bundle/entry/node.cjs'])
  })

  it('deno', async function () {
    this.timeout(INSTALL_LIMIT)
    const flags = ['run', '--allow-all', '--quiet', '--no-lock', '--node-modules-dir=manual']
    const { imported, required } = runProgram(await ensureRuntime('deno'), flags)
    print('deno, import', imported)
    print('deno, require', required)
    expect([imported, required]).to.deep.equal(['dist/bundle/entry/node.js', 'dist/bundle/entry/node.cjs'])
  })

  for (const [name, conditions, wanted] of [
    ['a bundle', ['workerd', 'worker', 'browser', 'module'], 'dist/entry/workerd.js'],
    ['a loader', ['workerd', 'worker', 'browser'], 'dist/bundle/entry/workerd.js'],
  ] as const) {
    it(`workerd, by ${name}`, async function () {
      this.timeout(INSTALL_LIMIT)
      const worker = `import { failure, WebSocket } from 'whatwg-websocket'
        import 'whatwg-websocket/polyfill'
        import { memoryPair } from 'whatwg-websocket/transport/memory'
        export default { async fetch() {
          ${PROGRAM}
          return Response.json({ outcome, hasMemory: typeof memoryPair === 'function' })
        } }`
      const { text, entry } = await bundle(worker, { conditions })
      print(`workerd, ${name}`, entry)
      expect(entry).to.equal(wanted)
      const running = await startWorkerd(await ensureRuntime('workerd'), { source: text })
      try {
        expect(JSON.parse(await running.request('/'))).to.deep.equal({ outcome: OUTCOME, hasMemory: true })
      } finally {
        await running.stop()
      }
    })
  }

  for (const [name, options, wanted] of [
    ['esbuild --platform=node', { platform: 'node' }, 'dist/entry/node.js'],
    [
      'esbuild --platform=neutral',
      { platform: 'neutral', conditions: ['module'], external: ['node:*'] },
      'dist/entry/node.js',
    ],
  ] as const) {
    it(name, async () => {
      const { text, entry } = await bundle(
        `import { failure, WebSocket } from 'whatwg-websocket'
        ${PROGRAM}
        console.log(outcome)`,
        options,
      )
      print(name, entry)
      expect(entry).to.equal(wanted)
      const file = join(makeFolder({ 'bundle.mjs': text }), 'bundle.mjs')
      const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 })
      expect({ stdout, stderr }).to.deep.equal({ stdout: `${OUTCOME}\n`, stderr: '' })
    })
  }

  it('./web', async () => {
    const program = `import { failure, WebSocket } from 'whatwg-websocket/web'
      ${PROGRAM}
      console.log(outcome, import.meta.resolve('whatwg-websocket/web'))`
    const file = join(project.folder, 'web.mjs')
    writeFileSync(file, program)
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 })
    expect(stderr).to.equal('')
    const [code, failure, url] = stdout.trim().split(' ')
    expect(`${code} ${failure}`).to.equal(OUTCOME)
    const loaded = inPackage(fileURLToPath(url!))
    print('./web, loaded', loaded)
    const bundled = await bundle(program, { platform: 'browser' })
    print('./web, esbuild', bundled.entry)
    const inWorkerd = await bundle(program, { conditions: ['workerd', 'module'] })
    print('./web, workerd', inWorkerd.entry)
    expect([loaded, bundled.entry, inWorkerd.entry]).to.deep.equal([
      'dist/bundle/entry/web.js',
      'dist/entry/web.js',
      'dist/entry/workerd.js',
    ])
    expect(bundled.text).to.not.match(/(?:import|require)\(?\s*['"]node:/)
  })
})
