import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import type { SuiteResult } from './suite.ts'

const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js')

/** The folders that are judged, each by itself, and the coverage that each must reach in per cent. */
const FOLDERS = ['lib/codec', 'lib/protocol']
const THRESHOLD = 98

interface Figure {
  readonly total: number
  readonly covered: number
}

type Summary = Readonly<Record<string, { readonly lines: Figure; readonly branches: Figure }>>

/**
 * Reports coverage, and judges it by the threshold.
 *
 * @param root the folder of the package
 * @param recorded the folder to which V8 wrote coverage (NODE_V8_COVERAGE)
 */
export function judgeCoverage(root: string, recorded: string): SuiteResult {
  const name = 'coverage'
  const reports = join(root, 'coverage')
  const includes = FOLDERS.flatMap(folder => ['--include', `${folder}/**`])
  const options = ['--temp-directory', recorded, '--reports-dir', reports, ...includes]
  const reporters = ['--reporter', 'text', '--reporter', 'json-summary', '--reporter', 'lcovonly']
  const run = spawnSync(process.execPath, [c8, 'report', '--exclude-after-remap', ...options, ...reporters], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_V8_COVERAGE: undefined },
  })
  if (run.status !== 0) return { name, passed: 0, failed: 1, skipped: 0, notes: [`c8 ended with code ${run.status}`] }
  const summary = JSON.parse(readFileSync(join(reports, 'coverage-summary.json'), 'utf8')) as Summary
  return judgeSummary(root, summary)
}

/** @param summary of istanbul's reporter `json-summary`, whose keys are absolute paths */
export function judgeSummary(root: string, summary: Summary): SuiteResult {
  const notes: string[] = []
  let failed = 0
  for (const folder of FOLDERS) {
    const files = new Map(Object.entries(summary).map(([path, figures]) => [slashed(relative(root, path)), figures]))
    const inside = [...files].filter(([path]) => path.startsWith(`${folder}/`)).map(([, figures]) => figures)
    const lines = percent(inside.map(figures => figures.lines))
    const branches = percent(inside.map(figures => figures.branches))
    notes.push(`${folder}: ${lines.toFixed(2)} % of lines, ${branches.toFixed(2)} % of branches`)
    const unloaded = filesWithCode(root, folder).filter(path => !files.has(path))
    if (unloaded.length > 0) notes.push(`not loaded by any test: ${unloaded.join(', ')}`)
    if (lines < THRESHOLD || branches < THRESHOLD || unloaded.length > 0) failed++
  }
  if (failed > 0) notes.push(`at least ${THRESHOLD} % of lines and of branches are wanted in each folder`)
  return { name: 'coverage', passed: FOLDERS.length - failed, failed, skipped: 0, notes }
}

/** Sources whose compiled file has code, and not only `export {}`. */
function filesWithCode(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => `${folder}/${slashed(file)}`)
    .filter(path => {
      const compiled = join(root, path.replace(/^lib/, 'dist').replace(/\.ts$/, '.js'))
      return !/^\s*export \{\s*\};?\s*(\/\/.*)?\s*$/.test(readFileSync(compiled, 'utf8'))
    })
}

function percent(figures: readonly Figure[]): number {
  const total = figures.reduce((sum, figure) => sum + figure.total, 0)
  return total === 0 ? 0 : (100 * figures.reduce((sum, figure) => sum + figure.covered, 0)) / total
}

function slashed(path: string): string {
  return path.split(sep).join('/')
}
