import { relative } from 'node:path'
import process from 'node:process'
import { ALONE } from './alone.ts'
import { HEAVY, PATIENT } from './heavy.ts'
import { type MochaResult, runMocha } from './mocha-suite.ts'
import type { SuiteResult } from './suite.ts'
import { describeTimes } from './times.ts'

export interface SpecTestsOptions {
  /** The folder of the package. */
  readonly root: string
  /** Paths of compiled test files, in the order in which they are run. */
  readonly files: readonly string[]
  /** How many processes run at a time, besides one that only waits. One runs all files itself. */
  readonly jobs: number
  readonly grep?: string | undefined
  readonly coverage?: string | undefined
  readonly detailed?: boolean | undefined
}

/**
 * How many files a process runs at most: few, so that a broken one takes few along; not too few, since each takes most of a second of
 * CPU time to start. The last ones have fewer, so that they end at about the same time.
 */
const FILES_PER_PROCESS = 8
const LAST_FILES = 32
const FILES_PER_LAST_PROCESS = 4

/**
 * The folders of spec-tests/ that record coverage. Only the codec and the protocol are judged by it, and these folders reach what of
 * them is reached at all, but for a few branches. To record it takes a fifth of CPU time more.
 */
const COVERED: ReadonlySet<string> = new Set([
  'functions',
  'fuzz',
  'reading',
  'rfc6455',
  'rfc7692',
  'rfc8441',
  'rfc9112',
  'stream',
  'transport',
])

const name = 'spec-tests'

/** Runs spec-tests/, and prints what is slowest. */
export async function runSpecTests(options: SpecTestsOptions): Promise<SuiteResult> {
  const results = options.jobs === 1 ? [await runMocha({ name, ...options })] : await runInProcesses(options)
  const times = describeTimes({
    files: results.flatMap(({ times }) =>
      times.files.map(file => ({ ...file, name: source(options.root, file.name) })),
    ),
    tests: results.flatMap(({ times }) => times.tests),
  })
  if (times !== '') console.log(`\n${times}`)
  return join(results)
}

/**
 * Several processes at a time, those with a heavy file first, beside one that waits, and then one with the files that do not bear
 * company. Prints what a process wrote when it ended.
 */
async function runInProcesses(options: SpecTestsOptions): Promise<MochaResult[]> {
  const { root, files, jobs } = options
  const isAlone = (file: string): boolean => source(root, file) in ALONE
  const isHeavy = (file: string): boolean => HEAVY.has(source(root, file))
  const isCovered = (file: string): boolean => COVERED.has(source(root, file).split('/')[1]!)
  const isPatient = (file: string): boolean => PATIENT.has(source(root, file))
  const light = files.filter(file => !isHeavy(file) && !isPatient(file) && !isAlone(file))
  const share = Math.ceil(light.length / jobs)
  const bare = light.filter(file => !isCovered(file))
  const size = Math.min(FILES_PER_PROCESS, share)
  const shared = [
    ...files.filter(file => isHeavy(file) && !isAlone(file)).map(file => [file]),
    ...deal(light.filter(isCovered), size),
    ...deal(bare.slice(0, -LAST_FILES), size),
    ...deal(bare.slice(-LAST_FILES), Math.min(FILES_PER_LAST_PROCESS, share)),
  ]
  const patient = files.filter(isPatient).map(file => [file])
  const alone = files.filter(isAlone)
  const total = shared.length + patient.length + (alone.length > 0 ? 1 : 0)
  console.log(`${name}: ${files.length} files in ${total} processes, ${jobs} at a time`)

  const results: MochaResult[] = []
  const run = async (batch: readonly string[]): Promise<void> => {
    const coverage = batch.some(isCovered) ? options.coverage : undefined
    const result = await runMocha({ ...options, name, files: batch, coverage, collect: true })
    results.push(result)
    const failed = result.failed > 0
    const again = failed ? `npm test -- --jobs 1 ${batch.map(file => source(root, file)).join(' ')}\n` : ''
    process.stdout.write(`\nprocess ${results.length} of ${total}\n${result.output}${again}`)
  }
  const worker = async (waiting: (readonly string[])[]): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) await run(batch)
  }
  await Promise.all([worker(patient), ...Array.from({ length: jobs }, () => worker(shared))])
  if (alone.length > 0) await run(alone)
  return results
}

/**
 * Parts files by turns, as cards are dealt: what is next to each other in a folder, and may be slow for the same reason, goes
 * to different parts, and each part has the order of the whole.
 */
export function deal(files: readonly string[], size: number): string[][] {
  const parts: string[][] = Array.from({ length: Math.ceil(files.length / size) }, () => [])
  for (const [index, file] of files.entries()) parts[index % parts.length]!.push(file)
  return parts
}

function join(results: readonly SuiteResult[]): SuiteResult {
  const sum = (key: 'passed' | 'failed' | 'skipped') => results.reduce((total, result) => total + result[key], 0)
  return {
    name,
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    notes: results.flatMap(result => result.notes),
  }
}

/** The path of a test's source below the package, such as `spec-tests/fuzz/frames.test.ts`. */
function source(root: string, file: string): string {
  return relative(root, file)
    .replaceAll('\\', '/')
    .replace(/^build\//, '')
    .replace(/\.js$/, '.ts')
}
