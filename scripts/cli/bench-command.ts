import process from 'node:process'
import { type BenchOptions, type BenchProgress, measure } from './bench.ts'
import { presentSummary, summarize } from './bench-report.ts'
import { write } from './output.ts'
import { coloursFor } from './style.ts'
import { digits } from './text.ts'

/**
 * Measures an echo server. Ctrl+C ends it early, with what was measured until then.
 *
 * @returns the exit code: 1 if a connection failed, or the server did not answer
 */
export async function bench(options: BenchOptions, json: boolean): Promise<number> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  process.on('SIGINT', stop)
  const bar = process.stderr.isTTY === true ? new ProgressBar(process.stderr) : undefined
  const result = await measure(options, stopping.signal, now => bar?.show(now))
  bar?.clear()
  process.off('SIGINT', stop)
  const summary = summarize(options, result)
  if (json) write(`${JSON.stringify(summary, null, 2)}\n`)
  else {
    const width = Math.min(process.stdout.columns || 80, 100)
    write(`${presentSummary(summary, width, coloursFor(process.stdout))}\n`)
  }
  if ([...result.failures.keys()].some(reason => reason.startsWith('no answer'))) {
    const advice = 'whatwg-websocket listen 8080'
    process.stderr.write(`bench needs a server that answers each message, such as an echo server: ${advice}\n`)
  }
  return result.failures.size > 0 ? 1 : 0
}

/** A line that is written anew. */
class ProgressBar {
  readonly #stream: NodeJS.WriteStream
  readonly #colours = coloursFor(process.stderr)

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  show({ phase, done, answers }: BenchProgress): void {
    const percent = `${Math.floor(done * 100)} %`.padStart(5)
    const end = phase === 'opening' ? ' opening connections' : ` ${digits(answers)} answers`
    const room = Math.min(40, Math.max(5, (this.#stream.columns || 80) - percent.length - end.length - 2))
    const full = Math.round(done * room)
    const bar = this.#colours.cyan('█'.repeat(full)) + this.#colours.dim('░'.repeat(room - full))
    this.#stream.write(`\r${bar}${percent}${end}\x1b[K`)
  }

  clear(): void {
    this.#stream.write('\r\x1b[K')
  }
}
