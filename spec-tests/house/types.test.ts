import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { compiler, compilerEnvironment, compilerOptions } from '../../scripts/check/compiler.ts'
import { runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** Compiles a project below spec-tests/house/types; the errors, one a line. */
function compile(project: string): Promise<string> {
  return runCompiler('-p', `spec-tests/house/types/${project}`)
}

async function runCompiler(...options: string[]): Promise<string> {
  const commandLine = [...options, ...compilerOptions]
  const { exitCode, output, errors } = await runProgram(compiler, commandLine, { environment: compilerEnvironment })
  return exitCode === 0 ? output + errors : `${output}${errors}exit code ${exitCode}`
}

/** The programs there: consumer.ts is what a user writes, assignability.ts holds our types against those of the DOM. */
const NODE = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'] as const

describe('Types', function () {
  this.timeout(60_000)

  const projects = {
    bare: 'compile without lib.dom and without the types of any host',
    node: 'compile without lib.dom, with the types of Node.js',
    'lib-dom': 'are assignable to those of lib.dom, and those to them',
    'lib-dom-node': 'are assignable to those of lib.dom where those of Node.js are there too',
    bundler: 'resolve for a bundler',
    ws: 'of the stand-in for ws serve both module systems',
  }
  for (const [project, title] of Object.entries(projects)) {
    it(title, async () => {
      expect(await compile(project)).to.equal('')
    })
  }

  for (const [library, lib, ...types] of [
    ['library', 'es2023'],
    ['library', 'es2023,dom'],
    ['library', 'es2023,dom,esnext.disposable'],
    ['library-ws', 'es2023', ...NODE],
    ['library-ws-require', 'es2023', ...NODE],
  ] as const) {
    it(`have names in the declarations of a ${library}, with ${lib}`, async () => {
      // As it is installed, since the declarations of the package itself may name files.
      const folder = makeFolder()
      const extension = library.endsWith('-require') ? 'cts' : 'mts'
      mkdirSync(join(folder, 'node_modules'))
      symlinkSync(root, join(folder, 'node_modules/whatwg-websocket'), 'junction')
      cpSync(join(root, `spec-tests/house/types/${library}.ts`), join(folder, `library.${extension}`))
      const options = ['--declaration', '--emitDeclarationOnly', '--preserveSymlinks', '--strict', '--ignoreConfig']
      const host = ['--module', 'nodenext', '--target', 'es2023', '--lib', lib, '--outDir', join(folder, 'out')]
      const found = await runCompiler(join(folder, `library.${extension}`), ...options, ...host, ...types)
      expect(found).to.equal('')
    })
  }
})
