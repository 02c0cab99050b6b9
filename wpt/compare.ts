/**
 * Prints the tables of docs/compatibility.md: how many subtests pass, and which behaviours fail where. Its arguments are files that
 * `--json` has written. If several have results of the same subject, the last one counts.
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { type FileResult, labelOf } from './runner/results.ts'
import { behavioursTable, countsTable, markdownTable } from './runner/tables.ts'

const paths = process.argv.slice(2)
if (paths.length === 0) {
  console.error('usage: compare.js RESULTS.json...')
  process.exit(2)
}
const bySubject = new Map<string, FileResult[]>()
for (const path of paths) {
  const { results } = JSON.parse(await readFile(path, 'utf8')) as { results: FileResult[] }
  for (const label of new Set(results.map(({ subject }) => labelOf(subject)))) {
    bySubject.set(
      label,
      results.filter(({ subject }) => labelOf(subject) === label),
    )
  }
}
const results = [...bySubject.values()].flat()
const { table, passedByAll } = behavioursTable(results)
console.log(markdownTable(countsTable(results)))
console.log(markdownTable(table))
console.log('Passed by all:\n')
for (const words of passedByAll) console.log(`- ${words}`)
