import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { assert } from 'chai'
import { mappedFiles } from '../../wpt/map.ts'
import { behavioursOf } from '../../wpt/runner/behaviours.ts'
import type { FileResult, Status, Subject } from '../../wpt/runner/results.ts'
import { behavioursTable, countsTable, markdownTable } from '../../wpt/runner/tables.ts'
import { root } from '../support/root.ts'

const ours: Subject = { implementation: 'ours', runtime: 'node 20.1.0' }
const newer: Subject = { ...ours, runtime: 'node 24.1.0' }
const other: Subject = { implementation: 'native', runtime: 'bun 1.0.0' }

function result(subject: Subject, file: string, ...statuses: Status[]): FileResult {
  const subtests = statuses.map((status, index) => ({ name: `${index}`, status }))
  const place = { query: '', variant: 'ws', scope: 'window', status: 'OK', milliseconds: 1 } as const
  return { ...place, file, subject, subtests }
}

const results = [
  result(ours, 'constructor/014.html', 'PASS'),
  result(newer, 'constructor/014.html', 'PASS'),
  result(other, 'constructor/014.html', 'TIMEOUT'),
  ...[ours, newer, other].map(subject => result(subject, 'binary/001.html', 'PASS')),
  { ...result(other, 'Create-blocked-port.any.js', 'PASS', 'FAIL'), scope: 'worker', variant: 'wss' } as const,
]

describe('the tables of the web-platform-tests runner', () => {
  it('tell of each file that applies what it is about, in one place', () => {
    for (const { file, reason } of mappedFiles) {
      if (reason === undefined) assert.lengthOf(behavioursOf(file), 1, file)
    }
  })

  it('count what passes by scope and variant', () => {
    assert.deepEqual(countsTable(results), [
      ['', 'window ws', 'worker wss', 'all'],
      ['ours / node 20.1.0', '2/2', '-', '2/2'],
      ['ours / node 24.1.0', '2/2', '-', '2/2'],
      ['native / bun 1.0.0', '1/2', '1/2', '2/4'],
    ])
  })

  it('count the same subtests for all, also those that a file did not get to', () => {
    const broken = { ...result(other, 'binary/001.html', 'PASS'), status: 'CRASH' } as const
    const whole = result(ours, 'binary/001.html', 'PASS', 'PASS', 'PASS')
    const silent = { ...result(newer, 'binary/001.html'), status: 'TIMEOUT' } as const
    assert.deepEqual(countsTable([whole, broken, silent]), [
      ['', 'window ws', 'all'],
      ['ours / node 20.1.0', '3/3', '3/3'],
      ['native / bun 1.0.0', '1/3', '1/3'],
      ['ours / node 24.1.0', '0/3', '0/3'],
    ])
  })

  it('count a file that broke behind its last subtest as one that did not pass', () => {
    const late = { ...result(ours, 'binary/001.html', 'PASS', 'PASS'), status: 'ERROR' } as const
    assert.deepEqual(countsTable([late])[1], ['ours / node 20.1.0', '1/2', '1/2'])
  })

  it('tell which behaviours fail where, and join what does the same', () => {
    const { table, passedByAll } = behavioursTable(results)
    assert.deepEqual(table, [
      ['', 'ours / node 20.1.0, node 24.1.0', 'native / bun 1.0.0'],
      ['Ports that the Fetch Standard blocks', '-', '1/2'],
      ['One handshake at a time for a host and port', '✓', '0/1'],
    ])
    assert.deepEqual(passedByAll, ['Binary messages: `ArrayBuffer`, its views, `Blob`'])
  })

  it('are Markdown', () => {
    const table = [
      ['', 'a'],
      ['b|c', '1'],
    ]
    assert.equal(markdownTable(table), '|  | a |\n| --- | --: |\n| b\\|c | 1 |\n')
  })

  it('are joined from reports; of one subject the last report counts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wpt-tables-'))
    try {
      const first = join(folder, 'first.json')
      const second = join(folder, 'second.json')
      writeFileSync(first, JSON.stringify({ results }))
      writeFileSync(second, JSON.stringify({ results: [result(other, 'constructor/014.html', 'PASS')] }))
      const program = join(root, 'build/wpt/compare.js')
      const { stdout } = spawnSync(process.execPath, [program, first, second], { encoding: 'utf8' })
      assert.include(stdout, '| ours / node 20.1.0 | 2/2 | 2/2 |\n')
      assert.include(stdout, '| native / bun 1.0.0 | 1/1 | 1/1 |\n')
      assert.equal(spawnSync(process.execPath, [program]).status, 2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
