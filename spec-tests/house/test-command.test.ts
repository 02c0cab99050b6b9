import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { expect } from 'chai'
import { ALONE } from '../../scripts/test/alone.ts'
import { leaveAuthoritiesToNpm } from '../../scripts/test/authorities.ts'
import { judgeSummary } from '../../scripts/test/coverage.ts'
import { chooseFiles } from '../../scripts/test/files.ts'
import { HEAVY, PATIENT } from '../../scripts/test/heavy.ts'
import { runMocha } from '../../scripts/test/mocha-suite.ts'
import { deal } from '../../scripts/test/spec-tests.ts'
import { closingLine, describeSuite, type SuiteResult } from '../../scripts/test/suite.ts'
import { describeTimes } from '../../scripts/test/times.ts'
import { runWebPlatformTests } from '../../scripts/test/web-platform-suite.ts'
import { type Ended, runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/* That `npm test` tells the truth: a suite that breaks, hangs or runs nothing is no suite that passed. */

function counts({ passed, failed, skipped }: SuiteResult): readonly number[] {
  return [passed, failed, skipped]
}

describe('The test command', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)

  describe('chooses files', () => {
    const files = ['spec-tests/b/2.test.ts', 'spec-tests/a/1.test.ts', 'spec-tests/b/3.test.ts']
    const [two, one, three] = files

    it('that have one of the parts in their path, in their order', () => {
      expect(chooseFiles(files, [], false)).to.deep.equal([one, two, three])
      expect(chooseFiles(files, ['b/'], false)).to.deep.equal([two, three])
      expect(chooseFiles(files, [three!, 'a/'], false)).to.deep.equal([one, three])
    })

    it('in reversed order', () => {
      expect(chooseFiles(files, [], true)).to.deep.equal([three, two, one])
      expect(chooseFiles(files, ['b/'], true)).to.deep.equal([three, two])
    })

    it('and names a part that no path has', () => {
      expect(() => chooseFiles(files, ['a/', 'c/'], false)).to.throw(Error, 'No file of spec-tests/ has "c/"')
    })
  })

  it('deals files to processes by turns, in their order', () => {
    expect(deal(['a', 'b', 'c', 'd', 'e'], 2)).to.deep.equal([['a', 'd'], ['b', 'e'], ['c']])
    expect(deal(['a', 'b'], 2)).to.deep.equal([['a', 'b']])
    expect(deal([], 2)).to.deep.equal([])
  })

  it('runs alone, or first, only files that are there', () => {
    for (const file of [...Object.keys(ALONE), ...HEAVY, ...PATIENT])
      expect(existsSync(join(root, file)), file).to.equal(true)
  })

  it('leaves additional authorities to npm alone', () => {
    const folder = makeFolder({ 'extra.pem': rootCertificates[0]! })
    const extra = join(folder, 'extra.pem')
    const file = join(folder, 'all.pem')
    const changed = (environment: NodeJS.ProcessEnv) => {
      leaveAuthoritiesToNpm(environment, file)
      return environment
    }
    expect(changed({ PATH: '/' })).to.deep.equal({ PATH: '/' })
    const unreadable = { NODE_EXTRA_CA_CERTS: join(folder, 'nonesuch') }
    expect(changed({ ...unreadable })).to.deep.equal(unreadable)
    expect(changed({ NODE_EXTRA_CA_CERTS: extra, npm_config_cafile: '/own' })).to.deep.equal({
      npm_config_cafile: '/own',
    })
    expect(existsSync(file)).to.equal(false)

    expect(changed({ NODE_EXTRA_CA_CERTS: extra })).to.deep.equal({ npm_config_cafile: file })
    const trusted = readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
    expect(trusted).to.deep.equal([...rootCertificates, rootCertificates[0]])
  })

  describe('as a process', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { test: string } }
    const program = join(root, /node (\S+)$/.exec(scripts.test)![1]!)
    const run = (...commandLine: string[]): Promise<Ended> =>
      runNode([program, ...commandLine], { environment: { NODE_V8_COVERAGE: undefined } })

    it('describes its options', async () => {
      const { exitCode, output } = await run('--help')
      expect(exitCode).to.equal(0)
      for (const option of ['--grep', '--reverse', '--jobs', '--help']) expect(output).to.include(option)
    })

    it('runs the files in their order, or in reversed order', async () => {
      const titles = ['WebSocketError', 'the assertions of the ported web-platform-tests']
      for (const [options, expected] of [
        [[], titles],
        [['--reverse'], titles.toReversed()],
      ] as const) {
        const { exitCode, output } = await run(...options, 'stream/error', 'wpt/assert')
        expect(exitCode, output).to.equal(0)
        const shown = output.split('\n').map(line => line.trim())
        expect(shown.filter(line => titles.includes(line))).to.deep.equal(expected)
        expect(output).to.match(/\n\d+ passed, 0 failed, 0 skipped\n$/)
      }
    })

    it('runs files in several processes at a time, and joins what they report', async () => {
      const parts = ['options/values', 'wpt/assert']
      const one = await run('--jobs', '1', ...parts)
      const two = await run('--jobs', '2', ...parts)
      expect(two.exitCode, two.output).to.equal(0)
      expect(two.output).to.match(/^spec-tests: 2 files in 2 processes, 2 at a time\n/)
      expect(two.output).to.include('\nprocess 1 of 2\n').and.include('\nprocess 2 of 2\n')
      const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1)!
      expect(lastLine(two.output))
        .to.equal(lastLine(one.output))
        .and.match(/^\d\d+ passed, 0 failed, 0 skipped$/)
    })

    it('ends with 2 for what it does not understand, and runs nothing', async () => {
      for (const [commandLine, complaint] of [
        [['--nonsense'], "Unknown option '--nonsense'"],
        [['--jobs', '0'], '--jobs takes a number from 1 to 99, not "0"'],
        [['--jobs', '2', '--grep', 'a'], 'Tests that --grep chooses run in one process'],
        [['wpt/assert', 'of-no-file'], 'No file of spec-tests/ has "of-no-file" in its path'],
      ] as const) {
        const { exitCode, output, errors } = await run(...commandLine)
        expect({ exitCode, output }).to.deep.equal({ exitCode: 2, output: '' })
        expect(errors).to.include(complaint)
      }
    })
  })

  describe('tells what is slow', () => {
    const duration = (name: string, wall: number, cpu: number) => ({ name, wall, cpu })

    it('by wall time, with the CPU time, and the parts of a file together', () => {
      const files = [
        duration('a', 2500, 100),
        duration('b', 3000, 50),
        duration('a', 1000, 200),
        duration('c', 999, 999),
      ]
      expect(describeTimes({ files, tests: [duration('a waits', 1200, 0)] })).to.equal(
        [
          'slowest files, in seconds of wall time and of CPU time:',
          '     3.5    0.3  a',
          '     3.0    0.1  b',
          'slowest tests, in seconds of wall time and of CPU time:',
          '     1.2    0.0  a waits',
        ].join('\n'),
      )
    })

    it('and nothing where nothing is', () => {
      expect(describeTimes({ files: [duration('a', 999, 0)], tests: [] })).to.equal('')
    })

    it('with the CPU time of processes that a test starts', async () => {
      const folder = makeFolder({
        'one.test.mjs': `import { spawnSync } from 'node:child_process'
          // Asked seldom, since the time that the kernel takes to answer is none of the user's.
          const program = 'while (process.cpuUsage().user < 300_000) for (let i = 0; i < 1e6; i++);'
          describe('a', () => it('b', () => void spawnSync(process.execPath, ['-e', program])))`,
      })
      const file = join(folder, 'one.test.mjs')
      const { times } = await runMocha({ name: 'mocha', files: [file], collect: true })
      expect(times.files.map(({ name }) => name)).to.deep.equal([file])
      expect(times.tests.map(({ name }) => name)).to.deep.equal(['a b'])
      const least = process.platform === 'linux' ? 300 : 0
      for (const { wall, cpu } of [...times.files, ...times.tests]) {
        expect(wall).to.be.at.least(300)
        expect(cpu).to.be.at.least(least)
      }
    })
  })

  describe('ends with a line that', () => {
    const suite = (passed: number, failed: number, skipped: number) => ({
      name: '',
      passed,
      failed,
      skipped,
      notes: [],
    })

    it('sums up all suites', () => {
      const good = closingLine([suite(3, 0, 1), suite(2, 0, 0)])
      expect(good).to.deep.equal({ line: '5 passed, 0 failed, 1 skipped', exitCode: 0 })
      const bad = closingLine([suite(3, 1, 1), suite(2, 0, 0)])
      expect(bad).to.deep.equal({ line: '5 passed, 1 failed, 1 skipped', exitCode: 1 })
    })

    it('says that it failed if nothing was run', () => {
      expect(closingLine([])).to.deep.equal({ line: '0 passed, 1 failed, 0 skipped', exitCode: 1 })
      expect(closingLine([suite(0, 0, 9)]).exitCode).to.equal(1)
    })
  })

  describe('with mocha', () => {
    async function run(text: string, options: { grep?: string; limit?: number } = {}): Promise<SuiteResult> {
      const folder = makeFolder({ 'one.test.mjs': text })
      const files = [join(folder, 'one.test.mjs')]
      return await runMocha({ name: 'mocha', files, collect: true, grace: 200, ...options })
    }

    it('counts', async () => {
      const result = await run(
        "it('a', () => {}); it('b', () => { throw new Error() }); it('c'); it.skip('d', () => {})",
      )
      expect(counts(result)).to.deep.equal([1, 1, 2])
      expect(result.notes).to.deep.equal(['failed: b'])
    })

    it('runs a part', async () => {
      expect(counts(await run("it('abc', () => {}); it('d', () => {})", { grep: 'abc' }))).to.deep.equal([1, 0, 0])
    })

    it('takes files that do not load for a failure', async () => {
      expect(counts(await run("import 'not-there'"))).to.deep.equal([0, 1, 0])
    })

    it('takes a process that ends in the middle for a failure', async () => {
      const result = await run("it('a', () => {}); it('b', () => process.exit(0)); it('c', () => {})")
      expect(counts(result)).to.deep.equal([1, 1, 0])
      expect(result.notes).to.deep.equal(['the process ended in the middle of a test'])
    })

    it('takes a process that dies for a failure', async () => {
      const result = await run("it('a', () => {}); it('b', () => process.kill(process.pid, 'SIGKILL'))")
      expect(counts(result)).to.deep.equal([0, 1, 0])
      expect(result.notes[0]).to.include('SIGKILL')
    })

    it('takes a process that does not end for a failure, and says what is open', async () => {
      const result = await run("it('a', () => { setInterval(() => {}, 1000) })")
      expect(counts(result)).to.deep.equal([1, 1, 0])
      expect(result.notes[0]).to.include('Timeout')
    })

    it('takes a suite for a failure that leaves a server open, though a later one closes it', async () => {
      const result = await run(`
        import { createServer } from 'node:net'
        const server = createServer()
        describe('first', () => { it('a', done => { server.listen(0, done) }) })
        describe('second', () => { it('b', done => { server.close(done) }) })`)
      expect(counts(result)).to.deep.equal([2, 1, 0])
      expect(result.notes[0]).to.match(/failed: first .*leaves nothing open/)
    })

    it('ends a test that never does', async () => {
      const result = await run("it('a', () => { for (;;); })", { limit: 1000 })
      expect(counts(result)).to.deep.equal([0, 1, 0])
      expect(result.notes[0]).to.include('ended after 1 s')
    })

    it('takes an error outside of the tests for a failure', async () => {
      const result = await run("it('a', () => {}); after(() => { throw new Error() })")
      expect(result.failed).to.equal(1)
    })

    it('takes nothing to run for a failure', async () => {
      expect(counts(await run("describe('nothing', () => {})"))).to.deep.equal([0, 1, 0])
      expect(counts(await run("it('a')"))).to.deep.equal([0, 1, 1])
      expect(counts(await runMocha({ name: 'mocha', files: [] }))).to.deep.equal([0, 1, 0])
    })

    it('does not let `only` hide the others', async () => {
      expect((await run("it.only('a', () => {}); it('b', () => {})")).failed).to.equal(1)
    })
  })

  describe('with the web-platform-tests', () => {
    /** A runner that leaves this report and ends with this code. */
    async function run(report: unknown, exitCode: number): Promise<SuiteResult> {
      const folder = makeFolder({
        'runner.mjs': `import { writeFileSync } from 'node:fs'
          const report = ${JSON.stringify(report) ?? 'undefined'}
          const [, , ...options] = process.argv
          if (options.join(' ') !== '--impl ours --json ' + options.at(-1)) process.exit(3)
          if (report !== undefined) writeFileSync(options.at(-1), JSON.stringify(report))
          process.exitCode = ${exitCode}`,
      })
      return await runWebPlatformTests(join(folder, 'runner.mjs'), join(folder, 'report.json'), { writesTo: 'ignore' })
    }

    const results = [
      { status: 'OK', subtests: [{ status: 'PASS' }, { status: 'PASS' }] },
      { status: 'OK', subtests: [{ status: 'FAIL' }, { status: 'PASS' }] },
    ]
    const verdict = (kind: string) => ({
      kind,
      subtest: 'sends',
      result: { file: 'a.any.js', query: '?wss', scope: 'worker' },
    })
    const notRun = [{ reason: 'there is no such transport' }]

    it('counts', async () => {
      const good = await run({ results, verdicts: [verdict('expected failure')], notRun }, 0)
      expect(counts(good)).to.deep.equal([3, 0, 2])
      const bad = await run({ results, verdicts: [verdict('unexpected failure')], notRun: [] }, 1)
      expect(counts(bad)).to.deep.equal([3, 1, 0])
      expect(bad.notes).to.deep.equal(['unexpected failure: a.any.js?wss in worker: sends'])
    })

    it('takes what passes against expectation for a failure', async () => {
      const verdicts = [verdict('expected failure'), verdict('unexpected pass')]
      expect(counts(await run({ results, verdicts, notRun: [] }, 1))).to.deep.equal([2, 1, 1])
    })

    it('takes a runner that breaks for a failure', async () => {
      expect(counts(await run(undefined, 2))).to.deep.equal([0, 1, 0])
      expect(counts(await run({ results: [], verdicts: [], notRun: [] }, 0))).to.deep.equal([0, 1, 0])
      const odd = await run({ results, verdicts: [], notRun: [] }, 2)
      expect(counts(odd)).to.deep.equal([3, 1, 0])
      expect(odd.notes).to.deep.equal(['the runner ended with code 2'])
    })
  })

  describe('with the coverage', () => {
    const sources = {
      'lib/codec/a.ts': '',
      'dist/codec/a.js': 'a()\n',
      'lib/protocol/b.ts': '',
      'dist/protocol/b.js': 'b()\n',
    }
    const figure = (covered: number) => ({ total: 100, covered })

    function judge(
      figures: Readonly<Record<string, readonly [lines: number, branches: number]>>,
      files = {},
    ): SuiteResult {
      const root = makeFolder({ ...sources, ...files })
      const summary = Object.entries(figures).map(([path, [lines, branches]]) => {
        return [join(root, path), { lines: figure(lines), branches: figure(branches) }]
      })
      return judgeSummary(root, Object.fromEntries(summary))
    }

    it('wants 98 % of lines and of branches in each of the two folders', () => {
      const enough = judge({ 'lib/codec/a.ts': [98, 100], 'lib/protocol/b.ts': [100, 98] })
      expect(counts(enough)).to.deep.equal([2, 0, 0])
      expect(describeSuite(enough)).to.include('lib/codec: 98.00 % of lines, 100.00 % of branches')
      expect(counts(judge({ 'lib/codec/a.ts': [97, 100], 'lib/protocol/b.ts': [100, 100] }))).to.deep.equal([1, 1, 0])
      expect(counts(judge({ 'lib/codec/a.ts': [100, 97], 'lib/protocol/b.ts': [100, 97] }))).to.deep.equal([0, 2, 0])
    })

    it('misses files that no test loads, unless they have nothing but types', () => {
      const figures = { 'lib/codec/a.ts': [100, 100], 'lib/protocol/b.ts': [100, 100] } as const
      const unseen = { 'lib/codec/c.ts': '', 'dist/codec/c.js': 'c()\n' }
      expect(judge(figures, unseen).notes).to.include('not loaded by any test: lib/codec/c.ts')
      const types = { 'lib/codec/c.ts': '', 'dist/codec/c.js': 'export {}\n//# sourceMappingURL=c.js.map' }
      expect(counts(judge(figures, types))).to.deep.equal([2, 0, 0])
    })
  })
})
