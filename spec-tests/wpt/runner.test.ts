import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { assert } from 'chai'
import { inBatches } from '../../wpt/runner/batches.ts'
import { type Expectation, judge } from '../../wpt/runner/judge.ts'
import type { FileResult, Status } from '../../wpt/runner/results.ts'
import { runInProcess, type Task } from '../../wpt/runner/run-process.ts'
import { findRuntime } from '../../wpt/runner/runtimes.ts'
import type { TestCase } from '../../wpt/runner/test-case.ts'
import { readPage, readScriptMetadata } from '../../wpt/server/test-metadata.ts'
import { runNode } from '../support/child.ts'
import { root } from '../support/root.ts'

const program = join(root, 'build/wpt/cli.js')

describe('the web-platform-tests runner', () => {
  describe('judging', () => {
    const subject = { implementation: 'ours', runtime: 'node 20.20.2' }
    const place = { query: '', variant: 'ws', scope: 'window', subject, milliseconds: 1 } as const
    const result = (status: Status, whole: Partial<FileResult> = {}): FileResult => {
      return { ...place, file: 'a/b.any.js', status: 'OK', subtests: [{ name: 'does it', status }], ...whole }
    }
    const expectation: Expectation = { implementation: 'ours', file: 'a/*', outcome: 'fail', reason: 'because' }
    const kinds = (results: FileResult[], expectations: Expectation[], judged = true) =>
      judge(results, 'ports', expectations, () => judged).map(({ kind, subtest }) => [kind, subtest])

    it('finds nothing in what passes', () => assert.deepEqual(kinds([result('PASS')], []), []))

    it('finds a failure that nobody expects', () => {
      for (const status of ['FAIL', 'TIMEOUT', 'NOTRUN'] as const) {
        assert.deepEqual(kinds([result(status)], []), [['unexpected failure', 'does it']])
        assert.deepEqual(kinds([result(status)], [], false), [['failure', 'does it']])
      }
    })

    it('takes an expected failure, and not an expected failure that passes', () => {
      assert.deepEqual(kinds([result('FAIL')], [expectation]), [['expected failure', 'does it']])
      assert.deepEqual(kinds([result('PASS')], [expectation]), [['unexpected pass', 'does it']])
    })

    it('takes a file that breaks for a failure of its own', () => {
      const broken = result('PASS', { status: 'TIMEOUT', subtests: [] })
      assert.deepEqual(kinds([broken], []), [['unexpected failure', '(file)']])
      assert.deepEqual(kinds([broken], [expectation]), [['expected failure', '(file)']])
    })

    it('matches all that an expectation says', () => {
      const others: Partial<Expectation>[] = [
        { implementation: 'ws' },
        { runtime: 'node 22.*' },
        { suite: 'upstream' },
        { file: 'b*' },
        { variant: 'wss' },
        { scope: 'worker' },
        { subtest: 'does' },
        { outcome: 'not run' },
      ]
      for (const other of others) {
        const found = kinds([result('FAIL')], [{ ...expectation, ...other }])
        assert.deepEqual(found, [['unexpected failure', 'does it']], JSON.stringify(other))
      }
      const exact = { runtime: 'node 20.*', suite: 'ports', variant: 'ws', scope: 'window', subtest: 'does *' } as const
      assert.deepEqual(kinds([result('FAIL')], [{ ...expectation, ...exact }]), [['expected failure', 'does it']])
    })
  })

  describe('sharing processes', () => {
    const test = (change: Partial<TestCase> = {}): TestCase => {
      const place = { file: 'a.any.js', query: '', variant: 'ws', scope: 'window' } as const
      return { suite: 'ports', ...place, long: false, scripts: [], ...change }
    }
    const ours = { implementation: 'ours', runtime: 'node 20.20.2' }
    const sizes = (...tests: TestCase[]) => inBatches(tests, ours).map(({ length }) => length)

    it('leaves no test out, and puts none in a group of another scope or variant', () => {
      const tests = Array.from({ length: 50 }, (_, index) =>
        test({ file: `${index}`, scope: index % 2 ? 'worker' : 'window', variant: index % 3 ? 'ws' : 'wss' }),
      )
      const batches = inBatches(tests, ours)
      assert.sameMembers(batches.flat(), tests)
      assert.isBelow(batches.length, 10)
      for (const batch of batches) assert.lengthOf(new Set(batch.map(({ scope, variant }) => scope + variant)), 1)
    })

    it('leaves files of upstream alone, and those that may take long among themselves', () => {
      const upstream = test({ suite: 'upstream' })
      assert.deepEqual(sizes(upstream, upstream), [1, 1])
      assert.deepEqual(sizes(test(), test({ long: true }), test(), test({ long: true })), [2, 2])
      assert.lengthOf(inBatches([test(), test()], { ...ours, implementation: 'ws' }), 2)
    })
  })

  describe('reading tests of upstream', () => {
    it('reads the comments of a script', () => {
      const source =
        '// META: title=A title\n// META: script=a.js\n//\n// META: script=/b.js\n// META: global=window,worker\n'
      const metadata = readScriptMetadata(
        `${source}// META: variant=?wss\n// META: timeout=long\n\n// META: script=late.js\n`,
      )
      assert.deepEqual(metadata, {
        scripts: ['a.js', '/b.js'],
        variants: ['?wss'],
        globals: ['window', 'worker'],
        title: 'A title',
        longTimeout: true,
      })
      assert.deepEqual(readScriptMetadata('test()').variants, [''])
    })

    it('reads the scripts and the declarations of a page', () => {
      const html = `<!doctype html><META charset=windows-1252><title>A
title</title><meta name="variant" content="?wss"><meta name=timeout content=long>
<script src=../a.js></script><script>if (1 < 2) run('</b>')</script><script src="/b.js" async></script>`
      const page = readPage(html)
      assert.equal(page.charset, 'windows-1252')
      assert.equal(page.title, 'A\ntitle')
      assert.deepEqual(page.variants, ['?wss'])
      assert.isTrue(page.longTimeout)
      assert.deepEqual(page.inline, [{ src: '../a.js' }, { text: "if (1 < 2) run('</b>')" }, { src: '/b.js' }])
    })
  })

  describe('the command', () => {
    let folder: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wpt-command-'))
    })
    after(() => rm(folder, { recursive: true }))

    /** With all that it writes in one text. */
    async function run(...commandLine: string[]): Promise<{ exitCode: number | undefined; output: string }> {
      const { exitCode, output, errors } = await runNode([program, ...commandLine])
      return { exitCode, output: output + errors }
    }

    async function put(name: string, content: string): Promise<string> {
      const path = join(folder, name)
      await writeFile(path, content)
      return path
    }

    /** One small file, which needs no server. */
    const choice = ['--variant', 'ws', '--scope', 'window', 'interfaces/CloseEvent/historical.html']
    const classes = `export class WebSocket {}
      export class CloseEvent extends Event {}`
    const broken = `${classes}\nCloseEvent.prototype.initCloseEvent = () => {}`

    it('ends with 0 when all is as expected, and writes the results', async function () {
      this.timeout(60_000)
      const report = join(folder, 'results.json')
      const module = await put('good.mjs', classes)
      const { exitCode, output } = await run('--impl', module, '--json', report, ...choice)
      assert.equal(exitCode, 0, output)
      const { results } = JSON.parse(await readFile(report, 'utf8')) as { results: FileResult[] }
      assert.lengthOf(results, 1)
      assert.equal(results[0]!.file, 'interfaces/CloseEvent/historical.html')
      assert.isAbove(results[0]!.subtests.length, 0)
      assert.isTrue(results[0]!.subtests.every(({ status }) => status === 'PASS'))
    })

    it('ends with 1 on a failure, with 0 when that is expected, with 1 when what was to fail passes', async function () {
      this.timeout(60_000)
      const bad = await put('bad.mjs', broken)
      const good = await put('good.mjs', classes)
      const unexpected = await run('--impl', bad, ...choice)
      assert.equal(unexpected.exitCode, 1, unexpected.output)
      assert.include(unexpected.output, 'unexpected failure')
      const list = [bad, good].map(implementation => ({ implementation, outcome: 'fail', reason: 'made so' }))
      const expectations = await put('expectations.json', JSON.stringify(list))
      const expected = await run('--impl', bad, '--expectations', expectations, ...choice)
      assert.equal(expected.exitCode, 0, expected.output)
      assert.include(expected.output, 'made so')
      const passes = await run('--impl', good, '--expectations', expectations, ...choice)
      assert.equal(passes.exitCode, 1, passes.output)
      assert.include(passes.output, 'unexpected pass')
    })

    it('ends with 1 when a process of a test goes away', async function () {
      this.timeout(60_000)
      const module = await put('crash.mjs', `${classes}\nprocess.kill(process.pid, 'SIGKILL')`)
      const { exitCode, output } = await run('--impl', module, ...choice)
      assert.equal(exitCode, 1, output)
      assert.include(output, 'CRASH: the process ended by SIGKILL')
    })

    it('goes on behind a file that its process ended over', async function () {
      this.timeout(60_000)
      const fatal = 'constructor() { process.kill(process.pid, "SIGKILL") }'
      const module = await put('fatal.mjs', classes.replace('extends Event {}', `{ ${fatal} }`))
      const files = [
        'Create-invalid-urls.any.js',
        'interfaces/CloseEvent/constructor.html',
        'binaryType-wrong-value.any.js',
      ]
      const place = { query: '', variant: 'ws', scope: 'window' } as const
      const tasks = files.map((file): Task => {
        const test: TestCase = { suite: 'ports', file, ...place, long: false, scripts: [] }
        const address = { location: 'http://localhost:1/ports.html', base: 'ws://localhost:1' }
        const time = { milliseconds: 10_000, timeoutMultiplier: 1 }
        return { test, ...place, classes: pathToFileURL(module).href, ...address, ...time }
      })
      const found: FileResult[] = []
      const runtime = await findRuntime('node')
      const subject = { implementation: 'ours', runtime: runtime.label }
      await runInProcess(tasks, runtime, subject, process.env, result => found.push(result))
      const statuses = found.map(({ file, status }) => [file, status])
      assert.deepEqual(statuses, [
        [files[0], 'OK'],
        [files[1], 'CRASH'],
        [files[2], 'OK'],
      ])
    })

    it('ends with 2 when it cannot do what it is told', async function () {
      this.timeout(60_000)
      for (const commandLine of [['--nonsense'], ['--impl', 'nothing-of-that-name'], ['no-file-has-such-a-name']]) {
        const { exitCode, output } = await run(...commandLine)
        assert.equal(exitCode, 2, output)
      }
    })
  })
})
