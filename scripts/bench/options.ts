/** The command line of the benchmark. */
import { parseArgs } from 'node:util'

export const HELP = `npm run bench -- [options] [scenario...]

A scenario is named by a part of its name. Without any, all are run: about an hour and a half with the newest Node.js, Bun and Deno.

  --quick            a few scenarios, one round, a tenth of the messages, two versions of Node.js: ends within 2 minutes
  --ci               fewer still, for their content: what else fails is shown, and no reason to fail
  --rounds N         how often each target runs each scenario (default 3)
  --target NAME      only targets with this part in their name, such as "node 26" or "ours", or "all" *
  --json FILE        writes the figures as JSON
  --docs DIR         writes performance.md, performance-tables.md and the charts there
  --merge FILE       adds to the figures of an earlier run, from its JSON *
  --from FILE        measures nothing: shows what an earlier run has found, from its JSON *
  --list             prints scenarios and targets
  --help             prints this

* may be given more than once

Without --target: all targets of the newest Node.js, of Bun and of Deno, and on the other versions of Node.js ours and a bare
socket. More runtimes than the one that runs this are there after npm run runtimes. BENCH_SCALE=0.1 in the environment takes
a tenth of the messages. Ctrl-C ends a run with the figures that there are by then. The exit code is 3 if a message was not what
was sent, 1 if something else failed.`

export interface Options {
  readonly help: boolean
  readonly list: boolean
  readonly quick: boolean
  readonly ci: boolean
  readonly rounds: number
  readonly target: readonly string[] | undefined
  readonly scenarios: readonly string[]
  readonly json: string | undefined
  readonly docs: string | undefined
  readonly merge: readonly string[]
  readonly from: readonly string[]
  /** Factor for the number of messages, as BENCH_SCALE has it. */
  readonly scale: string
}

/** @throws {Error} for an option that does not exist or has a wrong value */
export function readOptions(commandLine: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({
    args: [...commandLine],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      ci: { type: 'boolean' },
      rounds: { type: 'string' },
      target: { type: 'string', multiple: true },
      json: { type: 'string' },
      docs: { type: 'string' },
      merge: { type: 'string', multiple: true },
      from: { type: 'string', multiple: true },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const { quick = false, ci = false } = values
  const rounds = Number(values.rounds ?? (quick || ci ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is not a number of rounds')
  return {
    help: values.help ?? false,
    list: values.list ?? false,
    quick,
    ci,
    rounds,
    target: values.target,
    scenarios: positionals,
    json: values.json,
    docs: values.docs,
    merge: values.merge ?? [],
    from: values.from ?? [],
    scale: environment.BENCH_SCALE ?? (ci ? '0.02' : quick ? '0.1' : '1'),
  }
}

/** The options that say what is measured, as a command line, so that others can repeat the run. */
export function describe({ quick, ci, rounds, target, scenarios }: Options): string {
  const words = [
    ...(quick ? ['--quick'] : []),
    ...(ci ? ['--ci'] : []),
    ...(rounds === 3 ? [] : [`--rounds ${rounds}`]),
    ...(target ?? []).map(name => `--target '${name}'`),
    ...scenarios.map(name => `'${name}'`),
  ]
  return words.join(' ')
}
