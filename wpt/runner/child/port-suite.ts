import type { Context, Implementation, Port, Subtest } from '../../port.ts'
import { urlOf } from '../../port.ts'
import type { Recorder, SubtestResult } from '../results.ts'
import type { Job } from './job.ts'

/** Runs the subtests of one port, one after another, each with a context of its own. */
export async function runPort(port: Port, job: Job, classes: Implementation, record: Recorder): Promise<void> {
  for (const [name, subtest] of Object.entries(port.subtests)) {
    const own = port.takesCookies ? (await import('./cookies.ts')).withCookies(classes, job) : classes
    const context: Context = {
      ...own,
      variant: job.variant,
      scope: job.scope,
      url: (path, parts) => urlOf(job.base, path, parts),
      httpBase: new URL(job.location).origin,
      location: job.location,
    }
    record.subtest(await runSubtest(name, subtest, context, job.milliseconds))
  }
  record.end('OK')
}

/**
 * The time limit of a subtest is counted in this many turns of a timer: a page or process that the machine does not run does not
 * count on, so a subtest has its time on a machine that has other things to do.
 */
const turns = 100

async function runSubtest(
  name: string,
  subtest: Subtest,
  context: Context,
  milliseconds: number,
): Promise<SubtestResult> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<SubtestResult>(resolve => {
    const wait = (left: number): void => {
      if (left === 0) resolve({ name, status: 'TIMEOUT', message: `nothing within ${milliseconds} ms` })
      else timer = setTimeout(wait, milliseconds / turns, left - 1)
    }
    wait(turns)
  })
  const ran = (async (): Promise<SubtestResult> => {
    try {
      await subtest(context)
      return { name, status: 'PASS' }
    } catch (error) {
      return { name, status: 'FAIL', message: describe(error) }
    }
  })()
  const result = await Promise.race([ran, late])
  clearTimeout(timer)
  return result
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
