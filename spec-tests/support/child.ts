import { spawn } from 'node:child_process'
import { root } from './root.ts'

export interface ChildResult {
  /** The exit code; undefined if it was still running when its time was over. */
  readonly code: number | undefined
  /** What it wrote, line by line. */
  readonly lines: string[]
  readonly errors: string
}

/**
 * Runs an ES module in a process of its own. It can import "#lib/..." and packages, and gets the arguments in
 * `process.argv` from index 1 on.
 *
 * @param limit milliseconds until it is ended; only so that a test that fails does end
 */
export function runModule(source: string, args: string[] = [], limit = 15_000): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source, '--', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      errors += text
    })
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limit)
    child.once('error', reject)
    child.once('close', code => {
      clearTimeout(timer)
      resolve({
        code: isLate ? undefined : (code ?? -1),
        lines: output.split('\n').filter(line => line !== ''),
        errors,
      })
    })
  })
}
