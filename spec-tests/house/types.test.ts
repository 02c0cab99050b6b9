import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { runNode } from '../support/child.ts'

/** Compiles a project below spec-tests/house/types; the errors, one a line. */
async function compile(project: string): Promise<string> {
  const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')))
  const commandLine = [compiler, '-p', `spec-tests/house/types/${project}`, '--pretty', 'false']
  const { exitCode, output, errors } = await runNode(commandLine)
  return exitCode === 0 ? output + errors : `${output}${errors}exit code ${exitCode}`
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
    ws: 'of the stand-in for ws serve both module systems',
  }
  for (const [project, title] of Object.entries(projects)) {
    it(title, async () => {
      expect(await compile(project)).to.equal('')
    })
  }
})
