import { existsSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { config } from 'chai'
import { sample } from 'fast-check'
import { allProperties } from '../../spec-tests/fuzz/all.ts'
import { corpusFile, extendCorpus, readCorpus, writeCorpus } from '../../spec-tests/fuzz/corpus.ts'
import type { Property } from '../../spec-tests/fuzz/property.ts'
import { anyStream } from '../../spec-tests/fuzz/server-stream.ts'
import { readByUs } from '../../spec-tests/fuzz/ws-receiver.ts'
import { fuzzGuided, repeatInput } from './guided.ts'
import { Wsproto } from './wsproto.ts'
import { wsprotoDifferential } from './wsproto-differential.ts'

const usage = `npm run fuzz -- [options]    try the properties of spec-tests/fuzz, and a comparison with wsproto, with random values

  --minutes N      how long to run (default 10); the last round is finished
  --seed SEED      run one round with this seed: the same values again
  --property TEXT  only properties with this text in their names
  --runs FACTOR    multiplies the number of values in each round (default 1)
  --guided         coverage of the library guides the values, by jazzer.js, which is installed for it; on Debian 12 with the C
                   library of Debian 13
  --input FILE     try one value that --guided has left
  --corpus COUNT   look for streams that are read in a way of their own among so many, and keep them in spec-tests/fuzz/corpus.jsonl
  -h, --help       print this

A failure prints the smallest values that cause it, and the command that repeats it.`

interface Choice {
  readonly minutes: number
  readonly seed: number | undefined
  readonly properties: readonly Property[]
  readonly factor: number
  readonly guided: boolean
  /** A file with the one value to try. */
  readonly input: string | undefined
  /** How many streams are made to extend the corpus; undefined leaves it as it is. */
  readonly corpus: number | undefined
}

// They find misspelled assertions, which the tests do, and take a tenth of the CPU time here.
config.useProxy = false

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const comparesNothing = commandLine.some(word => /^(?:-h|--help|--guided|--input(?:=.*)?)$/.test(word))
  // On Debian it is installed; elsewhere it has to be there for the Python of the system.
  const wsproto = comparesNothing ? undefined : Wsproto.start()
  if (wsproto === undefined && !comparesNothing)
    console.log('There is no wsproto (python3-wsproto): nothing is compared with it.')
  try {
    const properties = [...allProperties, ...(wsproto === undefined ? [] : wsprotoDifferential(wsproto))]
    const choice = readCommandLine(commandLine, properties)
    if (typeof choice === 'number') return choice
    if (choice.guided) return await fuzzGuided(choice.minutes)
    if (choice.input !== undefined) return await repeatInput(choice.input)
    return choice.corpus === undefined ? await fuzz(choice) : lookForStreams(choice.corpus, choice.seed)
  } finally {
    wsproto?.close()
  }
}

async function fuzz({ minutes, seed, properties, factor }: Choice): Promise<number> {
  const first = seed ?? Math.floor(Math.random() * 0x7fffffff)
  const end = performance.now() + minutes * 60_000
  let values = 0
  for (let round = 0; ; round++) {
    // Each round has a seed of its own, so that a failure can be repeated without the rounds before it.
    const roundSeed = (first + round) & 0x7fffffff
    console.log(`round ${round + 1}, seed ${roundSeed}`)
    for (const property of properties) {
      const runs = Math.max(1, Math.round(property.runs * factor))
      const failure = await attempt(property, runs, roundSeed)
      if (failure !== undefined) return report(property, roundSeed, factor, failure)
      values += runs
    }
    if (seed !== undefined || performance.now() >= end) {
      console.log(
        `${properties.length} properties hold for ${values.toLocaleString('en')} values in ${round + 1} rounds`,
      )
      return 0
    }
  }
}

/** Extends the corpus, where a stream is read in a way that none of it is. */
function lookForStreams(count: number, seed = Math.floor(Math.random() * 0x7fffffff)): number {
  const before = existsSync(corpusFile) ? readCorpus() : []
  const found = sample(anyStream, { numRuns: count, seed }).map(stream => ({ ...stream, lines: readByUs(stream) }))
  const corpus = extendCorpus(before, found)
  writeFileSync(corpusFile, writeCorpus(corpus))
  console.log(`${corpus.length} streams in the corpus, ${before.length} before`)
  return 0
}

/** Returns why the property does not hold; undefined if it holds. Uncaught errors meanwhile count as its failure. */
async function attempt(property: Property, runs: number, seed: number): Promise<unknown> {
  let escaped!: (error: unknown) => void
  const outside = new Promise<never>((_resolve, reject) => {
    escaped = reject
  })
  outside.catch(() => {})
  process.on('uncaughtException', escaped)
  process.on('unhandledRejection', escaped)
  try {
    await Promise.race([property.try(runs, seed), outside])
    return undefined
  } catch (error) {
    return error
  } finally {
    process.off('uncaughtException', escaped)
    process.off('unhandledRejection', escaped)
  }
}

function report({ name }: Property, seed: number, factor: number, failure: unknown): number {
  const { message = String(failure), cause, stack } = failure as Error
  console.error(`\n"${name}" does not hold.\n\n${message}\n`)
  console.error(cause instanceof Error ? cause.stack : stack)
  const times = factor === 1 ? '' : ` --runs ${factor}`
  console.error(`\nAgain: npm run fuzz -- --seed ${seed}${times} --property "${name}"`)
  return 1
}

/** Returns an exit code if there is nothing to run. */
function readCommandLine(commandLine: string[], all: readonly Property[]): Choice | number {
  try {
    const { values } = parseArgs({
      args: commandLine,
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string' },
        property: { type: 'string', default: '' },
        runs: { type: 'string', default: '1' },
        guided: { type: 'boolean', default: false },
        input: { type: 'string' },
        corpus: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) {
      console.log(usage)
      return 0
    }
    const properties = all.filter(({ name }) => name.includes(values.property))
    if (properties.length === 0) throw new Error(`No property has "${values.property}" in its name`)
    return {
      minutes: toNumber('minutes', values.minutes),
      seed: values.seed === undefined ? undefined : toNumber('seed', values.seed),
      properties,
      factor: toNumber('runs', values.runs),
      guided: values.guided,
      input: values.input,
      corpus: values.corpus === undefined ? undefined : toNumber('corpus', values.corpus),
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
}

function toNumber(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new Error(`--${name} is not a number: ${text}`)
  return value
}
