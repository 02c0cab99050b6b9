import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { Options } from './options.ts'

/** What a report tells of a run beside its results, as names and values. */
export type AboutRun = readonly (readonly [name: string, value: string])[]

/** Of the package, which can name itself. */
const { version } = createRequire(import.meta.url)('whatwg-websocket/package.json') as { version: string }

/** What was run, when and against what: all that somebody needs to run it again. `words` is the command line. */
export function aboutRun({ upstream }: Options, words: readonly string[], server: string, date: Date): AboutRun {
  return [
    ['Command', ['npx whatwg-websocket-wpt', ...words.map(quoted)].join(' ')],
    ['Date', `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['Package', `whatwg-websocket ${version}`],
    ['Tests', upstream === undefined ? 'the ports that the package has' : `web-platform-tests${commitOf(upstream)}`],
    ['Served by', server],
  ]
}

function commitOf(folder: string): string {
  try {
    const commit = execFileSync('git', ['-C', resolve(folder), 'rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return ` at commit ${commit.trim()}`
  } catch {
    // Not a git repository, or no git.
    return ''
  }
}

/** As a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
