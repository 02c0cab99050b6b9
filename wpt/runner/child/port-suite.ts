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

async function runSubtest(
  name: string,
  subtest: Subtest,
  context: Context,
  milliseconds: number,
): Promise<SubtestResult> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<SubtestResult>(resolve => {
    timer = setTimeout(
      () => resolve({ name, status: 'TIMEOUT', message: `nothing within ${milliseconds} ms` }),
      milliseconds,
    )
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
