import { expect } from 'chai'
import { checkLayers } from '../../scripts/check/layers.ts'
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
  it('are kept', () => {
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

  it('tell the line', () => {
    const folder = makeFolder({ 'lib/codec/a.ts': "\n\nimport '../api/b.ts'\n", 'lib/api/b.ts': empty })
    expect(checkLayers(folder).violations.map(({ place }) => place)).to.deep.equal(['lib/codec/a.ts:3'])
  })
})
