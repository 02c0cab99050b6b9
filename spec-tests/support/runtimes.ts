import { fileURLToPath } from 'node:url'
import { findRuntimes, type RuntimeKind } from '../../scripts/runtimes/runtimes.ts'
import { runNode } from './child.ts'

/** The time that a `before` hook needs which installs a runtime, in milliseconds. */
export const INSTALL_LIMIT = 300_000

/**
 * The program of a runtime, which is installed if it is not there.
 *
 * @throws what the installation has written, if there is none afterwards
 */
export async function ensureRuntime(kind: Exclude<RuntimeKind, 'node'> | `node${number}`): Promise<string> {
  const find = (): string | undefined =>
    findRuntimes().find(runtime => runtime.kind === kind || runtime.name === kind)?.executable
  const found = find()
  if (found !== undefined) return found
  const script = fileURLToPath(new URL('../../scripts/runtimes/main.js', import.meta.url))
  const { output, errors } = await runNode([script, kind], { limit: INSTALL_LIMIT })
  const installed = find()
  if (installed === undefined) throw new Error(`${kind} cannot be installed:\n${output}${errors}`)
  return installed
}
