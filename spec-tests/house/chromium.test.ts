import { expect } from 'chai'
import { type Difference, endingsInOurOrder } from '../../scripts/chromium/difference.ts'
import { differences } from '../../scripts/chromium/differences.ts'
import { judge } from '../../scripts/chromium/judge.ts'
import { scenarios } from '../../scripts/chromium/scenarios.ts'
import type { Logs } from '../../scripts/chromium/subjects.ts'

const known: Difference = {
  name: 'a known one',
  verdict: 'both allowed',
  section: 'nowhere',
  chromium: 'says b',
  ours: 'says a',
  scenarios: /^one/,
  translate: ({ client, server }) => ({ client: client.map(line => (line === 'b' ? 'a' : line)), server }),
}
const logs = (...client: string[]): Logs => ({ client, server: [] })
const judgeOne = (theirs: Logs, ours: Logs, runtime = 'node 20') =>
  judge(new Map([['one', theirs]]), new Map([['one', ours]]), [known], runtime)

describe('npm run chromium', () => {
  it('has names for its scenarios that are all different, and some hundred of them', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).to.equal(scenarios.length)
    expect(scenarios.length).to.be.above(300)
  })

  it('knows of each difference in which scenarios it may be found', () => {
    for (const { name, scenarios: pattern } of differences) {
      expect(
        scenarios.some(scenario => pattern.test(scenario.name)),
        name,
      ).to.equal(true)
    }
    expect(new Set(differences.map(({ name }) => name)).size).to.equal(differences.length)
  })

  it('finds a difference that is not known', () => {
    const { same, unexplained, gone } = judgeOne(logs('b', 'c'), logs('a', 'd'))
    expect(same).to.equal(0)
    expect(unexplained).to.deep.equal([{ scenario: 'one', expected: logs('a', 'c'), ours: logs('a', 'd') }])
    expect(gone).to.deep.equal(['a known one'])
  })

  it('finds that a known difference is there no more', () => {
    const { same, unexplained, gone } = judgeOne(logs('a'), logs('a'))
    expect({ same, unexplained, gone }).to.deep.equal({ same: 1, unexplained: [], gone: ['a known one'] })
  })

  it('takes a difference as known, and counts it', () => {
    const { same, known: found, unexplained, gone } = judgeOne(logs('b'), logs('a'))
    expect({ same, unexplained, gone }).to.deep.equal({ same: 0, unexplained: [], gone: [] })
    expect([...found]).to.deep.equal([['a known one', ['one']]])
  })

  it('takes promises that end with the connection in another order, and no others', () => {
    const theirs = logs('read: 1', 'read: 2', 'closed: x')
    const ours = logs('read: 1', 'closed: x', 'read: 2')
    expect(endingsInOurOrder(theirs, '', ours)).to.deep.equal(ours)
    expect(endingsInOurOrder(theirs, '', logs('read: 2', 'closed: x', 'read: 1'))).to.equal(theirs)
    expect(endingsInOurOrder(theirs, '', logs('read: 1', 'closed: y', 'read: 2'))).to.equal(theirs)
  })
})
