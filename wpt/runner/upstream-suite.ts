import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { notApplicable } from '../map.ts'
import type { Scope } from '../port.ts'
import { readPage, readScriptMetadata, type TestMetadata } from '../server/test-metadata.ts'
import { UsageError } from './options.ts'
import { type TestCase, variantOf } from './test-case.ts'

/** All tests below `websockets/` of a checkout, by file, scope and variant. @throws {UsageError} when there is no such folder */
export async function findUpstreamTests(checkout: string): Promise<TestCase[]> {
  const root = join(checkout, 'websockets')
  const names = await readdir(root, { recursive: true }).catch(() => {
    throw new UsageError(`${checkout} is no checkout of web-platform-tests: it has no folder websockets`)
  })
  const cases: TestCase[] = []
  for (const file of names.map(name => name.replaceAll('\\', '/')).sort()) {
    const kind = kindOf(file)
    if (kind === undefined) continue
    const source = await readFile(join(root, file), 'utf8')
    if (kind === 'html' && !source.includes('testharness.js')) continue
    const metadata = kind === 'html' ? readPage(source) : readScriptMetadata(source)
    for (const scope of scopesOf(kind, metadata)) {
      for (const query of metadata.variants) {
        cases.push({
          suite: 'upstream',
          file,
          query,
          variant: variantOf(query),
          scope,
          long: metadata.longTimeout,
          scripts: metadata.scripts,
          title: metadata.title,
          browserOnly: notApplicable(file),
        })
      }
    }
  }
  return cases
}

type Kind = 'any' | 'window' | 'worker' | 'html'

function kindOf(file: string): Kind | undefined {
  // Pages that tests open are not tests.
  if (/(^|\/)(resources|support|handlers)\//.test(file)) return undefined
  return (/\.(any|window|worker)\.js$/.exec(file)?.[1] ?? /\.(html)$/.exec(file)?.[1]) as Kind | undefined
}

function scopesOf(kind: Kind, { globals }: TestMetadata): Scope[] {
  if (kind === 'worker') return ['worker']
  if (kind !== 'any') return ['window']
  const scopes: Scope[] = []
  if (globals.length === 0 || globals.includes('window')) scopes.push('window')
  // `worker` means dedicated, shared and service workers. Hosts outside of browsers have one kind of worker.
  if (globals.length === 0 || globals.includes('worker') || globals.includes('dedicatedworker')) scopes.push('worker')
  return scopes
}
