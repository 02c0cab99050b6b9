import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { root } from '../support/root.ts'
import { runCase } from './run-case.ts'
import { type FuzzingServer, startFuzzingServer } from './server.ts'
import { suite } from './suite.ts'
import { describeTable } from './table.ts'

/* Every case of the conformance suite; `node build/spec-tests/conformance/report.js` tells the same as a table. */

describe('Conformance', function () {
  this.timeout(60_000)
  let server: FuzzingServer
  before(async () => {
    server = await startFuzzingServer()
  })
  after(() => server.close())

  for (const { name, cases } of suite) {
    describe(name, () => {
      for (const conformanceCase of cases) {
        it(`${conformanceCase.title} (${conformanceCase.section})`, async () => {
          const verdict = await runCase(server, conformanceCase)
          if (!verdict.strict) expect.fail(verdict.departure)
        })
      }
    })
  }

  it('has each case once', () => {
    for (const { name, cases } of suite) {
      const titles = cases.map(({ title, section }) => `${title} (${section})`)
      expect(new Set(titles).size, name).to.equal(titles.length)
    }
  })

  it('is what docs/security.md has a table of', () => {
    const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
    const table = describeTable(suite.map(({ name, cases }) => ({ name, strict: cases.length, failed: 0 })))
    expect(text).to.include(table)
  })
})
