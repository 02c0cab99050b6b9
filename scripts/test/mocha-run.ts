import process from 'node:process'
import { config } from 'chai'
import Mocha from 'mocha'
import { mochaHooks } from './left-open.ts'
import CountingReporter, { type ReporterOptions } from './mocha-reporter.ts'

/*
 * The process that runs test files: the one argument is `MochaRun` as JSON. It has no options of a user to read and no files to look
 * for, so it does without the command of mocha, which takes half of the CPU time of a start.
 */

export interface MochaRun {
  readonly files: readonly string[]
  /** Only tests whose full name has this text. */
  readonly grep?: string | undefined
  /** Milliseconds after which a test counts as hanging. */
  readonly timeout: number
  readonly reporter: ReporterOptions
}

/*
 * It records its own coverage; processes that tests start do not, since Node.js has read this variable already. Otherwise hundreds of
 * them, the TypeScript compiler among them, would record theirs, which takes longer to write and to read than all that is judged.
 */
delete process.env.NODE_V8_COVERAGE

/*
 * Chai's proxies, which make a misspelled assertion fail, take a quarter of the CPU time where assertions are many. The types of
 * TypeScript know all assertions, so that a misspelled one does not compile.
 */
config.useProxy = false

const { files, grep, timeout, reporter } = JSON.parse(process.argv[2]!) as MochaRun
const mocha = new Mocha({
  forbidOnly: true,
  timeout,
  reporter: CountingReporter,
  reporterOptions: reporter,
  rootHooks: mochaHooks,
  ...(grep === undefined ? {} : { fgrep: grep }),
})
for (const file of files) mocha.addFile(file)
await mocha.loadFilesAsync()
mocha.run(failures => {
  process.exitCode = failures === 0 ? 0 : 1
})
