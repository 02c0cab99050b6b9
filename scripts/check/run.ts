import { spawnSync } from 'node:child_process'
import process from 'node:process'

export interface Outcome {
  readonly exitCode: number | null
  readonly output: string
  readonly errors: string
}

/**
 * Runs a program to its end, without input.
 *
 * @param limit milliseconds that it may take
 * @param environment variables besides those of this process
 */
export function run(
  program: string,
  commandLine: readonly string[],
  folder: string,
  limit = 120_000,
  environment: Readonly<Record<string, string>> = {},
): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, commandLine, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
    maxBuffer: 64 * 1024 * 1024,
    // These variables are for this process: a child would write coverage, or colours into its output.
    env: {
      ...process.env,
      NODE_V8_COVERAGE: undefined,
      NODE_OPTIONS: undefined,
      FORCE_COLOR: undefined,
      ...environment,
    },
    // On Windows npm is a script, which takes a shell.
    shell: process.platform === 'win32' && program === 'npm',
  })
  if (error !== undefined && status === null) throw error
  return { exitCode: status, output: stdout, errors: stderr }
}

/** Runs an ES module given as text, with Node.js. */
export function runModule(text: string, folder: string, flags: readonly string[] = []): Outcome {
  return run(process.execPath, [...flags, '--input-type=module', '--eval', text], folder)
}

/** The last error in the output of a failed program, or its last lines, for a message. */
export function lastWords({ output, errors }: Outcome): string {
  const lines = `${output}${errors}`.trim().split('\n')
  const error = lines.findLastIndex(line => /^\S*Error\b/.test(line))
  const from = error < 0 ? -8 : error
  return lines.slice(from).slice(0, 8).join('\n    ')
}
