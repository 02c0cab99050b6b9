import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { root } from '../support/root.ts'

/** Compiles a project below spec-tests/house/types; the errors, one a line. */
function compile(project: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
    const args = [compiler, '-p', `spec-tests/house/types/${project}`, '--pretty', 'false']
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    child.once('error', reject)
    child.once('close', code => resolve(code === 0 ? output : `${output}exit code ${code}`))
  })
}

/** The programs there: consumer.ts is what a user writes, assignability.ts holds our types against those of the DOM. */
describe('Types', function () {
  this.timeout(60_000)

  const projects = {
    bare: 'compile without lib.dom and without the types of any host',
    node: 'compile without lib.dom, with the types of Node.js',
    'lib-dom': 'are assignable to those of lib.dom, and those to them',
    'lib-dom-node': 'are assignable to those of lib.dom where those of Node.js are there too',
    bundler: 'resolve for a bundler',
  }
  for (const [project, title] of Object.entries(projects)) {
    it(title, async () => {
      expect(await compile(project)).to.equal('')
    })
  }
})
