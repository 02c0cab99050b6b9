import { expect } from 'chai'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import type { Attack } from './attack.ts'
import { catalogue, checks } from './catalogue.ts'
import { type AttackedRuntime, measure, OVER_HTTP2, otherRuntime } from './measure.ts'

/* Every attack and every check of the catalogue; `node build/spec-tests/attacks/report.js` tells the same as a table. */

for (const [title, attacks] of Object.entries(catalogue)) {
  describe(`Attacks: ${title}`, function () {
    // Each starts a process. The limit is for a hang alone, on the slowest machine.
    this.timeout(90_000)
    for (const attack of attacks) {
      it(`${attack.name} (${attack.source})`, async () => {
        const { problems } = await measure(attack)
        expect(problems).to.deep.equal([])
      })
    }
  })
}

/** An attack on each part of the client that stands on what the runtime gives: reads, memory, time limits, DEFLATE. */
const ON_EACH_RUNTIME = [
  'a deflate bomb over many fragments',
  'lengths that are announced, and no payload',
  'thousands of header fields',
  'a head that comes drop by drop',
  'a refusal with a body without end',
  'a server that never answers the Close frame',
]

/** An attack on each bound that docs/security.md has for memory, where flow control and reading are those of node:http2. */
const OVER_EACH_TRANSPORT = [
  'a deflate bomb in one frame',
  'a deflate bomb of bytes under the default limit',
  'lengths that are announced, and no payload',
  'a flood of tiny fragments',
  'a flood of empty messages',
  'a flood of pings while the server does not read',
  'frames after the Close frame',
]

describe('Attacks over HTTP/2', function () {
  this.timeout(90_000)
  for (const name of OVER_EACH_TRANSPORT) {
    it(name, async () => {
      const { problems } = await measure(attackOf(name), OVER_HTTP2)
      expect(problems).to.deep.equal([])
    })
  }
})

for (const kind of ['bun', 'deno'] as const) {
  describe(`Attacks on a client in ${kind}`, function () {
    this.timeout(INSTALL_LIMIT)
    let runtime: AttackedRuntime
    before(async () => {
      runtime = otherRuntime(kind, await ensureRuntime(kind))
    })
    for (const name of ON_EACH_RUNTIME) {
      it(name, async () => {
        const { problems } = await measure(attackOf(name), runtime)
        expect(problems).to.deep.equal([])
      })
    }
  })
}

function attackOf(name: string): Attack {
  return Object.values(catalogue)
    .flat()
    .find(one => one.name === name)!
}

describe('Attacks: bytes that the client sends', function () {
  this.timeout(60_000)
  for (const { name, source, run } of checks) {
    it(`${name} (${source})`, async () => {
      const { problems } = await run()
      expect(problems).to.deep.equal([])
    })
  }
})
