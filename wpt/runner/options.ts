import { parseArgs } from 'node:util'
import type { Scope, Variant } from '../port.ts'

export interface Options {
  /** The checkout of web-platform-tests to run the tests of; without one the ports run. */
  readonly upstream: string | undefined
  /** Parts of paths; a file that has one of them is run. All are run when there is none. */
  readonly filters: readonly string[]
  readonly implementations: readonly string[]
  readonly runtimes: readonly string[]
  readonly browser: 'chromium' | 'firefox' | undefined
  readonly browserPath: string | undefined
  readonly scopes: readonly Scope[]
  /** Undefined: the variants that the expectations do not rule out. */
  readonly variants: readonly Variant[] | undefined
  /** `ours`, `upstream`, or the address of an upstream server's HTTP port. */
  readonly server: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
  readonly expectations: string | undefined
  readonly jobs: number
  /** Time limit of a normal test. A long one has six times as much. */
  readonly seconds: number
  readonly list: boolean
  readonly help: boolean
}

/** The command line is wrong, or something that it names is missing. The message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `whatwg-websocket-wpt [options] [filter...]

Runs the web-platform-tests of WebSockets against implementations of WebSocket: the tests as ported to
this package, or with --upstream those of a checkout. A filter is a part of a path below websockets/.

  --upstream DIR         run the tests of this checkout of web-platform-tests
  --impl NAME            ours (default), native, ws, undici, or a module that exports the classes *;
                         in a browser native (default), or ours for the ports
  --runtime NAME         node (default), bun, deno, or the path of such an executable *
  --browser NAME         chromium or firefox, instead of runtimes: through playwright-core, but the ports
                         in firefox, which take Firefox alone
  --browser-path FILE    the browser's executable (default: in its usual place)
  --scope NAME           window or worker (default: both) *
  --variant NAME         ws, wss or h2 (default: all that can pass) *
  --server NAME          ours, upstream (wpt serve of the checkout), or the URL of a running one
                         (default: upstream where the checkout has it)
  --expectations FILE    a JSON or JavaScript file with what is known not to pass
  --json FILE            write the results as JSON
  --html FILE            write the results as one page
  --jobs N               how many files to run at once (default 2)
  --timeout SECONDS      for a normal test (default 10); a long one has six times as much
  --list                 print what would run
  --help                 print this

* may be given more than once, or as a list with commas. The exit code is 1 when a result of ours or of a
module is not as expected, or, with --expectations, a result of any implementation.
`

const definitions = {
  upstream: { type: 'string' },
  impl: { type: 'string', multiple: true },
  runtime: { type: 'string', multiple: true },
  browser: { type: 'string' },
  'browser-path': { type: 'string' },
  scope: { type: 'string', multiple: true },
  variant: { type: 'string', multiple: true },
  server: { type: 'string' },
  json: { type: 'string' },
  html: { type: 'string' },
  expectations: { type: 'string' },
  jobs: { type: 'string' },
  timeout: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @throws {UsageError} */
export function readOptions(commandLine: readonly string[]): Options {
  const { values, positionals } = parse(commandLine)
  return {
    upstream: values.upstream,
    filters: positionals,
    implementations: names(values.impl) ?? [values.browser === undefined ? 'ours' : 'native'],
    runtimes: names(values.runtime) ?? ['node'],
    browser: values.browser === undefined ? undefined : oneOf(values.browser, browsers, '--browser'),
    browserPath: values['browser-path'],
    scopes: names(values.scope)?.map(name => oneOf(name, scopes, '--scope')) ?? scopes,
    variants: names(values.variant)?.map(name => oneOf(name, variants, '--variant')),
    server: values.server,
    json: values.json,
    html: values.html,
    expectations: values.expectations,
    jobs: positive(values.jobs ?? '2', '--jobs'),
    seconds: positive(values.timeout ?? '10', '--timeout'),
    list: values.list === true,
    help: values.help === true,
  }
}

const scopes: readonly Scope[] = ['window', 'worker']
const variants: readonly Variant[] = ['ws', 'wss', 'h2']
const browsers = ['chromium', 'firefox'] as const

function parse(commandLine: readonly string[]) {
  try {
    return parseArgs({ args: [...commandLine], options: definitions, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function names(given: readonly string[] | undefined): string[] | undefined {
  return given?.flatMap(list => list.split(',')).filter(name => name !== '')
}

function oneOf<Name extends string>(name: string, known: readonly Name[], option: string): Name {
  const found = known.find(one => one === name)
  if (found === undefined) throw new UsageError(`${option} is one of ${known.join(', ')}, not ${name}`)
  return found
}

function positive(text: string, option: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new UsageError(`${option} is a number above 0, not ${text}`)
  return number
}
