import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect } from 'chai'
import { fill, pages, writeDocuments } from '../../scripts/bench/documents.ts'
import { goals, judge } from '../../scripts/bench/goals.ts'
import type { Failure, FailureKind, Measurement } from '../../scripts/bench/measuring.ts'
import { describe as describeOptions, readOptions } from '../../scripts/bench/options.ts'
import { best, merge, type Results, type Row, roundsOf } from '../../scripts/bench/results.ts'
import { run } from '../../scripts/bench/run.ts'
import { findScenario, groups, scenarios } from '../../scripts/bench/scenarios.ts'
import { report } from '../../scripts/bench/table.ts'
import type { Target } from '../../scripts/bench/targets.ts'
import { type Document, parseDocument } from '../support/documents.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

function row(scenario: string, target: string, cpu: number[], failures: Failure[] = []): Row {
  return { scenario, target, commit: 'a', runs: cpu.map((value): Measurement => ({ cpu: value })), failures }
}

function results(rows: readonly Row[], more: Partial<Results> = {}): Results {
  const fields = { machine: 'this one', date: '2030-01-02', commands: [''], versions: { bun: '1.2.3' } }
  return { ...fields, scale: 1, rows, sizes: [], ...more }
}

const TEXT = 'receive text 16 B'

describe('The benchmark', () => {
  it('takes the least of all rounds, and nothing where a message was wrong', () => {
    expect(best(row(TEXT, 'ours, node 26', [3, 1, 2]), 'cpu')).to.equal(1)
    expect(best(row(TEXT, 'ours, node 26', [3, 1], [{ failure: 'failed', message: '' }]), 'cpu')).to.equal(1)
    expect(best(row(TEXT, 'ours, node 26', [3, 1], [{ failure: 'content', message: '' }]), 'cpu')).to.equal(undefined)
    expect(best(row(TEXT, 'ours, node 26', [3]), 'memory')).to.equal(undefined)
  })

  it('holds ours on the newest Node.js against the best of the peers', () => {
    const rows = [
      row(TEXT, 'ours, node 20', [1.6]),
      row(TEXT, 'ours, node 26', [1]),
      row(TEXT, 'ws, node 26', [9]),
      row(TEXT, 'ws + addons, node 26', [4, 3]),
      row(TEXT, 'undici, node 26', [7]),
      row(TEXT, 'built-in, node 26', [7]),
      row(TEXT, 'built-in, bun', [1.9]),
      row(TEXT, 'ours, bun', [2]),
      row(TEXT, 'bare socket, node 20', [0.8]),
      row(TEXT, 'bare socket, node 26', [0.5]),
      row(TEXT, 'bare socket, bun', [1.8]),
    ]
    const found = judge(results(rows)).filter(({ met }) => met !== undefined)
    const ratios = "bare socket 0.500x; Node.js's own 7.00x; Bun's own 0.950x"
    const target = '≥ 1.5x the best peer'
    expect(found).to.deep.equal([{ what: TEXT, target, measured: '3.00x', bound: '', ratios, met: true }])
  })

  it('says what bounds a row that misses its goal', () => {
    const rows = [row(TEXT, 'ours, node 26', [1]), row(TEXT, 'ws, node 26', [1.2])]
    const [missed] = judge(results(rows)).filter(({ met }) => met !== undefined)
    expect(missed).to.include({ measured: '1.20x', met: false })
    expect(missed!.bound).to.match(/^the event of the host/)
  })

  it('has goals for scenarios that there are, each of which has a name of its own', () => {
    for (const { scenario } of goals) {
      expect(findScenario(scenario), scenario).to.not.equal(undefined)
    }
    expect(new Set(scenarios.map(({ name }) => name)).size).to.equal(scenarios.length)
  })

  it('adds the rounds of two runs of the same commit, and replaces those of another', () => {
    const older = results([row(TEXT, 'ours, node 26', [2]), row(TEXT, 'ws, node 26', [5])], { versions: { ws: '1' } })
    const again = merge(older, results([row(TEXT, 'ours, node 26', [3])]))
    expect(again.rows.map(({ target, runs }) => [target, runs.length])).to.deep.equal([
      ['ours, node 26', 2],
      ['ws, node 26', 1],
    ])
    expect(roundsOf(again.rows)).to.equal('1 to 2')
    expect(roundsOf([...older.rows, row(TEXT, 'undici, node 26', [])])).to.equal('1')
    expect(roundsOf([row(TEXT, 'undici, node 26', [])])).to.equal('none')
    expect(again.versions).to.deep.equal({ ws: '1', bun: '1.2.3' })
    const later = merge(older, results([{ ...row(TEXT, 'ours, node 26', [3]), commit: 'b' }]))
    expect(best(later.rows[0], 'cpu')).to.equal(3)
  })

  it('refuses options that there are not', () => {
    expect(readOptions(['--quick', 'send'], {})).to.include({ quick: true, rounds: 1, scale: '0.1' })
    expect(readOptions([], { BENCH_SCALE: '0.5' })).to.include({ rounds: 3, scale: '0.5' })
    expect(() => readOptions(['--rounds', '0'], {})).to.throw('--rounds')
    expect(() => readOptions(['--nonesuch'], {})).to.throw('nonesuch')
  })

  it('notes a run without the files it wrote', () => {
    const options = readOptions(['--json', '/a/b.json', '--target', 'node 26', '--rounds', '2', 'send'], {})
    expect(describeOptions(options)).to.equal("--rounds 2 --target 'node 26' 'send'")
  })

  /** The pages for some results, as `npm run bench -- --docs` writes them, and the names of the charts beside them. */
  function write(found: Results): { pages: Document[]; text: string; drawn: string[] } {
    const folder = makeFolder({})
    writeDocuments(found, join(root, 'scripts/bench'), folder)
    const texts = pages.map(name => readFileSync(join(folder, name), 'utf8'))
    const drawn = readdirSync(join(folder, 'charts'))
    for (const name of drawn) expect(readFileSync(join(folder, 'charts', name), 'utf8')).to.not.match(/undefined|NaN/)
    return { pages: texts.map((text, index) => parseDocument(pages[index]!, text)), text: texts.join(''), drawn }
  }

  it('writes pages whose charts are there, for whatever was measured', () => {
    const everything = scenarios.flatMap(({ name }) => [
      { ...row(name, 'ours, node 26', []), runs: [{ cpu: 1, wall: 2, memory: 3, delay50: 4, delay99: 5 }] },
      row(name, 'ws, node 26', [], [{ failure: 'unsupported', message: 'sends <without> compression' }]),
    ])
    const all = write(results(everything))
    expect(all.text).to.not.match(/\{\{|undefined|NaN|Not measured/)
    expect(all.drawn.map(name => name.replace('-', ' '))).to.have.members(groups.map(name => `${name}.svg`))
    expect(all.pages[0]!.links).to.include.members(all.drawn.map(name => `charts/${name}`))
    const nothing = write(results([]))
    expect(nothing.text).to.include('Not measured.').and.not.include('(charts/')
    expect(nothing.drawn).to.deep.equal([])
    // This scenario is in no chart, so the group has a table alone.
    const one = write(results([row('receive Blob 4 KiB', 'ours, node 26', [1])]))
    expect(one.text).to.include('| receive Blob 4 KiB | 1.00 |').and.not.include('(charts/')
    expect(() => fill('{{nonesuch}}', results([]))).to.throw('nonesuch')
    expect(() => fill('{{tables nonesuch}}', results([]))).to.throw('nonesuch')
  })

  it('writes what people read in under 1,200 words', () => {
    const text = readFileSync(join(root, 'docs/performance.md'), 'utf8')
    expect(text.split(/[\s|]+/).filter(word => /\w/.test(word)).length).to.be.below(1200)
  })

  it('shows what failed, and why', () => {
    const failed = (failure: FailureKind, message: string) =>
      row(TEXT, `${failure}, node 26`, [], [{ failure, message }])
    const shown = report(
      results([failed('content', 'message 3'), failed('failed', 'it hung'), failed('unsupported', 'is without')]),
    )
    expect(shown).to.include('WRONG CONTENT: message 3').and.include('failed: it hung').and.include('  is without\n')
  })
})

describe('A measurement', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)

  const runtime = { name: 'node', version: '', command: [process.execPath, '--no-warnings'] }
  const module = join(root, 'dist/bundle/entry/node.js')
  const ours: Target = { name: 'ours, node', implementation: 'ours', runtime, module }
  const broken: Target = { ...ours, name: 'broken, node', module: join(root, 'dist/nonesuch.js') }
  const names = [TEXT, 'send binary 4 KiB, 16 a turn', 'echo text 128 B, 1 in flight', 'compressed send json 128 B']

  /** @param most stops the run in the measurement with this number */
  async function measure(targets: readonly Target[], most?: number): Promise<Row[]> {
    const stop = new AbortController()
    let begun = 0
    const at = (): void => {
      if (++begun === most) stop.abort()
    }
    const progress = { at, tell() {} }
    const chosen = names.map(name => findScenario(name)!)
    const plan = { root, scenarios: chosen, targets, rounds: 1, scale: '0.002', commit: '' }
    return await run({ ...plan, maxTime: 30_000, stop: stop.signal, progress })
  }

  it('has figures, whatever fails beside it', async () => {
    const rows = await measure([broken, ours])
    expect(rows.map(({ target, failures }) => [target, failures.map(({ failure }) => failure)])).to.deep.equal(
      names.flatMap(() => [
        ['broken, node', ['failed']],
        ['ours, node', []],
      ]),
    )
    for (const one of rows.filter(({ target }) => target === ours.name)) {
      expect(best(one, 'cpu'), one.scenario).to.be.above(0)
      expect(best(one, 'server'), one.scenario).to.be.above(0)
    }
  })

  it('is the last one when the run is stopped, and counts', async () => {
    const rows = await measure([ours], 2)
    expect(rows.map(({ runs, failures }) => [runs.length, failures.length])).to.deep.equal([
      [1, 0],
      [1, 0],
      [0, 0],
      [0, 0],
    ])
  })

  it('is no failure when it was interrupted', async () => {
    const command = [process.execPath, '-e', "process.kill(process.pid, 'SIGINT')", '--']
    const rows = await measure([{ ...ours, runtime: { ...runtime, command } }])
    expect(rows.map(({ runs, failures }) => [runs.length, failures.length])).to.deep.equal(names.map(() => [0, 0]))
  })

  it('finds a message that is not what was sent, on either side', async () => {
    process.env.BENCH_CORRUPT = '1'
    try {
      const rows = await measure([ours])
      const found = rows.map(({ failures, runs }) => [...failures.map(({ failure }) => failure), runs.length])
      expect(found).to.deep.equal(names.map(() => ['content', 0]))
    } finally {
      delete process.env.BENCH_CORRUPT
    }
  })
})
