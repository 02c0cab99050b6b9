import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkLayers } from '../../scripts/check/layers.ts'
import { runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** What the check says of a library of these files, without the places. */
function complaints(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([path, text]) => [`lib/${path}`, text])
  return checkLayers(makeFolder(Object.fromEntries(sources))).violations.map(({ message }) => message)
}

const empty = 'export {}\n'
const pipe = { 'transport/pipe.ts': 'export interface Pipe { end(): void }\n' }

describe('The layers of the library', () => {
  it('are kept', function () {
    // It parses each file, on machines that have other things to do.
    this.timeout(180_000)
    const { files, violations } = checkLayers(root)
    expect(violations).to.deep.equal([])
    expect(files).to.be.above(20)
  })

  it('point one way', () => {
    const upward = { 'codec/a.ts': "import '../protocol/b.ts'\n", 'protocol/b.ts': "export * from '../api/c.ts'\n" }
    expect(complaints({ ...upward, 'api/c.ts': "import '../entry/d.ts'\n", 'entry/d.ts': empty })).to.deep.equal([
      'api may not import entry/d.ts',
      'codec may not import protocol/b.ts',
      'protocol may not import api/c.ts',
    ])
  })

  it('let protocol and codec see the types of the pipe, and no more of the transports', () => {
    const types = "import type { Pipe } from '../transport/pipe.ts'\nexport type Mine = Pipe\n"
    expect(complaints({ ...pipe, 'codec/a.ts': types, 'protocol/b.ts': types })).to.deep.equal([])
    const value = "import { type Pipe } from '../transport/pipe.ts'\nexport type Mine = Pipe\n"
    expect(complaints({ ...pipe, 'codec/a.ts': value })).to.deep.equal([
      'codec may import types alone (import type) of transport/pipe.ts',
    ])
    const other = { 'transport/node.ts': empty, 'protocol/b.ts': "import type { X } from '../transport/node.ts'\n" }
    expect(complaints(other)).to.deep.equal(['protocol may not import transport/node.ts'])
  })

  it('find an import that a type makes', () => {
    const files = { 'codec/a.ts': "export type X = import('../api/b.ts').Y\n", 'api/b.ts': 'export type Y = 1\n' }
    expect(complaints(files)).to.deep.equal(['codec may not import api/b.ts'])
  })

  it('let entry alone join a transport to a platform', () => {
    const platform = { 'platform/node.ts': "import 'node:buffer'\n" }
    const importing = "import '../platform/node.ts'\n"
    expect(complaints({ ...platform, 'entry/node.ts': importing })).to.deep.equal([])
    expect(complaints({ ...platform, 'transport/node.ts': importing })).to.deep.equal([
      'transport may not import platform/node.ts',
    ])
    expect(complaints({ ...platform, 'api/a.ts': importing })).to.deep.equal(['api may not import platform/node.ts'])
  })

  it('keep hosts from the API, also those that a transport brings', () => {
    const transport = { 'transport/node.ts': "import './deeper.ts'\n", 'transport/deeper.ts': "import 'node:net'\n" }
    expect(complaints({ ...transport, 'opening/a.ts': "import '../transport/node.ts'\n" })).to.deep.equal([
      'opening may not depend on a host, as transport/node.ts does: node:net',
    ])
    expect(complaints({ 'api/a.ts': "import { connect } from 'node:net'\nconnect\n" })).to.deep.equal([
      'api imports nothing from outside of lib, but here node:net',
    ])
  })

  for (const layer of ['codec', 'protocol']) {
    describe(`keep ${layer} without I/O:`, () => {
      const cases: readonly [what: string, text: string, found: string][] = [
        ['a module of Node.js', "import { Buffer } from 'node:buffer'\nBuffer\n", 'imports nothing from outside'],
        ['a package', "import 'ws'\n", 'imports nothing from outside'],
        ['a dynamic import', "import('node:net')\n", 'imports nothing from outside'],
        ['a timer', 'setTimeout(() => {}, 1)\n', 'knows no setTimeout'],
        ['a microtask', 'queueMicrotask(() => {})\n', 'knows no queueMicrotask'],
        ['a host global', 'export const it = { key: process.pid }\n', 'knows no process'],
        [
          'a host global in a pattern',
          'export const { pid = process.pid } = {} as { pid?: number }\n',
          'knows no process',
        ],
        ['the global object', 'export const it = (globalThis as any).crypto\n', 'knows no globalThis'],
        ['a clock', 'export const now = Date.now()\n', 'knows no Date'],
        ['a promise', 'export const it = new Promise(() => {})\n', 'knows no Promise'],
        ['a promise as a type', 'export interface It { done: Promise<void> }\n', 'knows no Promise'],
        ['an async function', 'export async function it() {}\n', 'does not wait, but here is an async function'],
        ['an async method', 'export class It { async go() {} }\n', 'does not wait, but here is an async function'],
        ['await', 'await 1\nexport {}\n', 'does not wait, but here is await'],
        ['a call of then', 'export const it = (x: any) => x.then(1)\n', 'does not wait, but here is a call of then'],
      ]
      for (const [what, text, found] of cases) {
        it(what, () => {
          const messages = complaints({ [`${layer}/a.ts`]: text })
          expect(messages).to.have.lengthOf(1)
          expect(messages[0]).to.include(`${layer} ${found}`)
        })
      }

      it('names of its own are no host', () => {
        const text = `import { setTimeout } from './b.ts'
          export class process { static #kept = 1; static crypto = 2; get then() { return process.#kept } }
          export function fetch(performance: number, [console]: number[], { key: Buffer }: any) {
            for (const URL of [performance, console, Buffer]) setTimeout(URL)
            try { return { process, window: 1, [fetch.name]: 1 } } catch (navigator) { return navigator }
          }\n`
        expect(complaints({ [`${layer}/a.ts`]: text, [`${layer}/b.ts`]: 'export const setTimeout = Number\n' })).to.eql(
          [],
        )
      })
    })
  }

  it('have no file of more than 400 lines', () => {
    expect(complaints({ 'api/a.ts': '\n'.repeat(400) })).to.deep.equal([])
    expect(complaints({ 'api/a.ts': '\n'.repeat(401) })).to.deep.equal(['has 401 lines; 400 is the most'])
  })

  it('have no file that belongs nowhere', () => {
    expect(complaints({ 'a.ts': empty })).to.deep.equal(['is in none of the rooms'])
    expect(complaints({ 'api/utils.ts': empty })).to.have.lengthOf(1)
    expect(complaints({ 'api/a.ts': "import './b.ts'\n" })).to.deep.equal(['./b.ts is no file of lib'])
  })

  it('have no circle of imports, of any length, in lib or elsewhere', () => {
    const types = "export type { A } from '../api/a.ts'\n"
    expect(
      complaints({ 'api/a.ts': "import '../codec/b.ts'\nexport interface A {}\n", 'codec/b.ts': types }),
    ).to.include('is in a circle of imports: lib/api/a.ts -> lib/codec/b.ts -> lib/api/a.ts')
    for (const folder of ['wpt', 'scripts', 'spec-tests']) {
      const circle = {
        [`${folder}/a.ts`]: "import './b.ts'\nimport './in/c.ts'\n",
        [`${folder}/b.ts`]: empty,
        [`${folder}/in/c.ts`]: "export type X = import('./d.ts').X\n",
        [`${folder}/in/d.ts`]: "export * from '../a.ts'\nexport interface X {}\n",
      }
      expect(checkLayers(makeFolder(circle)).violations).to.deep.equal([
        {
          place: `${folder}/a.ts:2`,
          message: `is in a circle of imports: ${['a', 'in/c', 'in/d', 'a'].map(name => `${folder}/${name}.ts`).join(' -> ')}`,
        },
      ])
    }
  })

  it('tell each circle once, also where two share a file, and a file that imports itself', () => {
    const files = {
      'wpt/a.ts': "import './b.ts'\n",
      'wpt/b.ts': "import './a.ts'\nimport '../scripts/c.ts'\n",
      'scripts/c.ts': "import '../wpt/b.ts'\n",
      'scripts/d.ts': "import './d.ts'\n",
    }
    expect(checkLayers(makeFolder(files)).violations.map(({ message }) => message)).to.have.members([
      'is in a circle of imports: wpt/a.ts -> wpt/b.ts -> wpt/a.ts',
      'is in a circle of imports: scripts/c.ts -> wpt/b.ts -> scripts/c.ts',
      'is in a circle of imports: scripts/d.ts -> scripts/d.ts',
    ])
  })

  it('are not looked for in installed packages, nor in what tools have beside them', () => {
    const circle = { 'a.ts': "import './b.ts'\n", 'b.ts': "import './a.ts'\n" }
    for (const folder of ['scripts/x/node_modules/y', 'scripts/x/packages/run/y']) {
      const files = Object.entries(circle).map(([path, text]) => [`${folder}/${path}`, text])
      expect(checkLayers(makeFolder(Object.fromEntries(files)))).to.deep.equal({ files: 0, violations: [] })
    }
  })

  it('tell the line', () => {
    const folder = makeFolder({ 'lib/codec/a.ts': "\n\nimport '../api/b.ts'\n", 'lib/api/b.ts': empty })
    expect(checkLayers(folder).violations.map(({ place }) => place)).to.deep.equal(['lib/codec/a.ts:3'])
  })
})

describe('The folder scripts/', () => {
  const names = readdirSync(join(root, 'scripts')).filter(name => name !== 'README.md')

  it('has a folder with a main.ts for each command, and nothing else', () => {
    for (const name of names) expect(existsSync(join(root, 'scripts', name, 'main.ts')), name).to.equal(true)
  })

  it('has all commands in its README', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const rows = readFileSync(join(root, 'scripts/README.md'), 'utf8').matchAll(/^\| `(.+?)` \|/gm)
    const described = [...rows].map(([, command]) => {
      const program = scripts[/^npm (?:run )?([\w:-]+)$/.exec(command!)?.[1] ?? ''] ?? command!
      // The command of the package is bundled, outside of build/scripts.
      if (program.includes('build/cli/')) return 'cli'
      return /node build\/scripts\/([\w-]+)\/main\.js/.exec(program)?.[1]
    })
    expect(described).to.have.members(names)
  })

  // Some install packages before they begin, write a file, or measure for minutes.
  for (const name of ['api', 'assemble', 'bench-compression', 'fuzz', 'memory', 'ws-alias']) {
    it(`tells with --help how ${name} is used, and begins nothing`, async function () {
      this.timeout(60_000)
      const { output, errors, exitCode } = await runNode([join(root, 'build/scripts', name, 'main.js'), '--help'])
      expect([errors, exitCode]).to.deep.equal(['', 0])
      expect(output.split('\n')[0]).to.match(new RegExp(`^(npm run ${name}|node build/scripts/${name}/main.js) `))
    })
  }
})
