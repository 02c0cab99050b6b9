import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { checkSideEffects } from '../../scripts/check/bundled.ts'
import { checkDeclarations } from '../../scripts/check/declarations.ts'
import {
  checkCommands,
  checkDependencies,
  checkExports,
  checkSources,
  install,
  type Project,
} from '../../scripts/check/installed.ts'
import { listExports, type Manifest, readManifest } from '../../scripts/check/manifest.ts'
import { describeBudget, measureBudget } from '../../scripts/check/size.ts'
import { checkTypes, lintTarball, pack, packOnce } from '../../scripts/check/tarball.ts'
import type { Violation } from '../../scripts/check/violation.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/* That the checks of the package see what is wrong. That nothing is wrong with the package is theirs to say, in CI. */

type Fields = Readonly<Record<string, unknown>>
type Files = Readonly<Record<string, string>>

/** A project that has the package `small` installed, which has these fields and files. */
function project(fields: Fields, files: Files = {}, others: Files = {}): Project {
  const manifest = JSON.stringify({ name: 'small', version: '1.0.0', type: 'module', ...fields })
  const inside = Object.entries({ ...files, 'package.json': manifest })
  const folder = makeFolder({
    ...Object.fromEntries(inside.map(([path, text]) => [`node_modules/small/${path}`, text])),
    ...others,
  })
  const installed = join(folder, 'node_modules/small')
  return { folder, installed, manifest: readManifest(installed) }
}

function places(violations: readonly Violation[]): string[] {
  return violations.map(({ place }) => place)
}

describe('The checks of the package', function () {
  // They start npm and node many times, on machines that have other things to do.
  this.timeout(120_000)

  describe('of its exports', () => {
    const files = { 'index.js': 'export const a = 1\n', 'parts/one.js': '', 'parts/two.js': '' }

    it('find nothing in a good package', () => {
      const exports = { '.': './index.js', './parts/*': './parts/*.js', './package.json': './package.json' }
      const good = project({ exports }, files)
      expect(checkExports(good)).to.deep.equal([])
      expect(listExports(good.manifest, good.installed).map(({ subpath }) => subpath)).to.have.members([
        '.',
        './parts/one',
        './parts/two',
        './package.json',
      ])
    })

    it('find a file that is not there', () => {
      const exports = { '.': { types: './none.d.ts', default: './index.js' } }
      expect(places(checkExports(project({ exports }, files)))).to.deep.equal(['exports["."].types'])
    })

    it('find a file that does not load', () => {
      const found = checkExports(project({ exports: { '.': './index.js' } }, { 'index.js': "import 'not-there'\n" }))
      expect(places(found)).to.deep.equal(['exports["."]'])
      expect(found[0]!.message).to.include("Cannot find package 'not-there'")
    })

    it('find what cannot be required', () => {
      const found = checkExports(
        project({ exports: { '.': './index.js' } }, { 'index.js': 'export const a = await 1\n' }),
      )
      expect(found[0]!.message).to.include('top-level await')
    })

    it('find a condition that is never reached', () => {
      const exports = { '.': { node: './index.js', bun: './parts/one.js' } }
      expect(places(checkExports(project({ exports }, files)))).to.deep.equal(['exports["."].bun'])
    })

    it('find inner files that can be imported', () => {
      const exports = { '.': './index.js', './dist/*': './dist/*' }
      const found = checkExports(project({ exports }, { ...files, 'dist/api/websocket.js': '' }))
      expect(places(found)).to.deep.equal(['exports'])
    })
  })

  describe('of what it needs', () => {
    it('find nothing where it needs nothing', () => {
      const peers = { peerDependencies: { undici: '*' }, peerDependenciesMeta: { undici: { optional: true } } }
      expect(checkDependencies(project({ exports: {}, ...peers }))).to.deep.equal([])
    })

    it('find a dependency, and a peer that is not optional', () => {
      const fields = { exports: {}, dependencies: { one: '1' }, peerDependencies: { two: '1' } }
      expect(checkDependencies(project(fields)).map(({ message }) => message.split(';')[0])).to.deep.equal([
        'requires one',
        'requires two',
      ])
    })

    it('find a package that came along', () => {
      const others = { 'node_modules/three/package.json': '{}' }
      expect(checkDependencies(project({ exports: {} }, {}, others))[0]!.message).to.include('requires three')
    })

    it('find a command that does not start', () => {
      const bin = { small: './cli.js', broken: './broken.js' }
      const shell = (file: string) => `#!/bin/sh\nexec node "$(dirname "$0")/../small/${file}" "$@"\n`
      const found = checkCommands(
        project(
          { exports: {}, bin },
          { 'cli.js': "console.log('small, a command')\n", 'broken.js': "import 'chai'\n" },
          { 'node_modules/.bin/small': shell('cli.js'), 'node_modules/.bin/broken': shell('broken.js') },
        ),
      )
      expect(places(found)).to.deep.equal(['bin["broken"]'])
    })
  })

  it('find declarations that do not compile', () => {
    const exports = { '.': { types: './index.d.ts', default: './index.js' } }
    const good = { 'index.d.ts': 'export declare const a: Promise<Uint8Array>\n', 'index.js': 'export const a = 1\n' }
    expect(checkDeclarations(project({ exports }, good), ['.'])).to.deep.equal([])
    const found = checkDeclarations(project({ exports }, { ...good, 'index.d.ts': 'export declare const a: Blob\n' }), [
      '.',
    ])
    // Only the program with the types of a browser knows it.
    expect(places(found)).to.deep.equal(['lib es2023, module nodenext', 'lib es2023, module esnext'])
    expect(found[0]!.message).to.include("Cannot find name 'Blob'")
  })

  it('find compiled files and source maps without their sources', () => {
    const map = (source: string) => JSON.stringify({ sources: [source] })
    const found = checkSources(
      project(
        { exports: {} },
        {
          'dist/a.js': '',
          'dist/a.js.map': map('../lib/a.ts'),
          'lib/a.ts': '',
          'dist/old.js': '',
          'dist/old.js.map': map('../lib/old.ts'),
        },
      ),
    )
    expect(places(found)).to.deep.equal(['dist/old.js', 'dist/old.js.map'])
  })

  describe('of its side effects', () => {
    const exports = { '.': './index.js', './polyfill': './polyfill.js', './transport/memory': './memory.js' }
    const websocket = `export class WebSocket extends EventTarget {
      constructor() { super(); setTimeout(() => this.dispatchEvent(Object.assign(new Event('close'), { code }))) }
    }
    let code
    export function provide(given) { code = given }\n`
    const files = {
      'index.js': "import { provide } from './websocket.js'\nprovide(1006)\nexport * from './websocket.js'\n",
      'websocket.js': websocket,
      'polyfill.js': "import { WebSocket } from './index.js'\nglobalThis.WebSocket = WebSocket\n",
      'memory.js': 'export const pair = console.log(1)\n',
    }

    it('find nothing where the field is true', async () => {
      const sideEffects = ['./index.js', './polyfill.js']
      expect(await checkSideEffects(project({ exports, sideEffects }, files))).to.deep.equal([])
    })

    it('find that something is dropped which has to run', async () => {
      // The polyfill needs it, too.
      const found = await checkSideEffects(project({ exports, sideEffects: ['./polyfill.js'] }, files))
      expect(found).to.have.lengthOf(2)
      expect(found[0]!.message).to.include("import { WebSocket } from 'small'")
      const others = await checkSideEffects(project({ exports, sideEffects: ['./index.js'] }, files))
      expect(others).to.have.lengthOf(1)
      expect(others[0]!.message).to.include("import 'small/polyfill'")
    })

    it('find that something is kept which nobody uses', async () => {
      const found = await checkSideEffects(project({ exports }, files))
      expect(found).to.have.lengthOf(1)
      expect(found[0]!.message).to.include('uses nothing')
    })
  })

  describe('of its tarball', () => {
    function source(fields: Fields, files: Files): string {
      const license = { description: 'A small package', license: 'MIT', author: 'nobody', repository: 'a/b' }
      const manifest = {
        name: 'small',
        version: '1.0.0',
        type: 'module',
        files: ['*.js', '*.ts'],
        ...license,
        ...fields,
      }
      return makeFolder({ 'package.json': JSON.stringify(manifest), ...files })
    }

    /** A tarball with all files, as npm makes it in a hundred times the time; that `pack` does so is seen once. */
    function packed(fields: Fields, files: Files): { readonly tarball: string; readonly manifest: Manifest } {
      const folder = makeFolder()
      cpSync(source(fields, files), join(folder, 'package'), { recursive: true })
      const tarball = join(folder, 'small.tgz')
      execFileSync('tar', ['-czf', tarball, '-C', folder, 'package'])
      return { tarball, manifest: readManifest(join(folder, 'package')) }
    }

    const types = { 'index.js': 'export const a = 1\n', 'index.d.ts': 'export declare const a: number\n' }

    it('find nothing in a good one, and install it', async () => {
      const folder = source({ exports: { '.': { types: './index.d.ts', default: './index.js' } } }, types)
      const tarball = pack(folder, makeFolder())
      expect(await lintTarball(tarball, readManifest(folder))).to.deep.equal([])
      expect(await checkTypes(tarball, ['.'], [])).to.deep.equal([])
      const { manifest, installed } = install(tarball, 'small', join(makeFolder(), 'project'))
      expect(manifest.name).to.equal('small')
      expect(listExports(manifest, installed).map(({ file }) => file)).to.deep.equal(['./index.d.ts', './index.js'])
    })

    it('pack it once for the same files', () => {
      const root = source(
        { files: ['lib', 'docs/*.md', '!lib/b.js'] },
        { 'lib/a.js': '1', 'docs/a.md': '1', other: '1' },
      )
      const kept = join(makeFolder(), 'kept')
      let count = 0
      const packNow = (_: string, folder: string) => {
        writeFileSync(join(folder, 'small-1.0.0.tgz'), `${++count}`)
        return join(folder, 'small-1.0.0.tgz')
      }
      const packed = () => {
        const tarball = packOnce(root, makeFolder(), kept, packNow)
        return [basename(tarball), readFileSync(tarball, 'utf8'), readdirSync(kept).length]
      }
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '1', 1])
      writeFileSync(join(root, 'other'), '2')
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '1', 1])
      writeFileSync(join(root, 'lib/a.js'), '2')
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '2', 1])
      writeFileSync(join(root, 'docs/a.md'), '2')
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '3', 1])
      chmodSync(join(root, 'lib/a.js'), 0o755)
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '4', 1])
      expect(packed()).to.deep.equal(['small-1.0.0.tgz', '4', 1])
    })

    it('keep no tarball of files that have changed while it was made', () => {
      const root = source({ files: ['lib'] }, { 'lib/a.js': '1' })
      const kept = join(makeFolder(), 'kept')
      const packNow = (_: string, folder: string) => {
        writeFileSync(join(root, 'lib/a.js'), '2')
        writeFileSync(join(folder, 'small-1.0.0.tgz'), '1 or 2')
        return join(folder, 'small-1.0.0.tgz')
      }
      packOnce(root, makeFolder(), kept, packNow)
      expect(existsSync(kept)).to.equal(false)
    })

    it('find by publint that a condition stands behind the default', async () => {
      const { tarball, manifest } = packed(
        { exports: { '.': { default: './index.js', types: './index.d.ts' } } },
        types,
      )
      const found = await lintTarball(tarball, manifest)
      expect(found.map(({ message }) => message).join('\n')).to.include('types')
    })

    it('find by attw that types are missing', async () => {
      const { tarball } = packed({ exports: { '.': './index.js' } }, { 'index.js': types['index.js'] })
      const found = await checkTypes(tarball, ['.'], [])
      expect(found.map(({ message }) => message)).to.deep.equal(['attw: the package has no types'])
    })

    it('find by attw that the types are of another kind of module', async () => {
      const files = { 'index.cjs': 'exports.a = 1\n', 'index.d.ts': types['index.d.ts'] }
      const fields = { exports: { '.': { types: './index.d.ts', default: './index.cjs' } }, files: ['*'] }
      const found = await checkTypes(packed(fields, files).tarball, ['.'], [])
      expect(found.map(({ message }) => message)).to.include('attw: FalseESM')
    })

    it('find by installing it that it needs a package', () => {
      const fields = { exports: { '.': './index.js' }, dependencies: { 'not-there-at-all': '1.0.0' } }
      const { tarball } = packed(fields, types)
      expect(() => install(tarball, 'small', join(makeFolder(), 'project'))).to.throw('does not install')
    })
  })

  describe('of its size', () => {
    it('measure a bundle of the class alone', async () => {
      const budget = await measureBudget(root)
      expect(budget.ours.gzipped).to.be.above(5000).and.below(budget.ours.minified)
      expect(budget.theirs.gzipped).to.be.above(5000).and.below(budget.theirs.minified)
    })

    it('find one that is over it', async () => {
      const larger = await measureBudget(root, "export * from 'ws'\nexport * from 'undici'")
      expect(larger.withinBudget).to.equal(false)
      expect(describeBudget(larger)).to.include('over the budget')
      const smaller = await measureBudget(root, 'export class WebSocket extends EventTarget {}')
      expect(smaller.withinBudget).to.equal(true)
      expect(describeBudget(smaller)).to.not.include('over')
    })
  })
})
