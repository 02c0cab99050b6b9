import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The exit code of `network.ts` where the machine does not allow what it needs. */
export const LEFT_OUT = 77

export interface NetworkResult {
  /** Whether it ran; if not, `text` says why. */
  readonly ran: boolean
  readonly passed: boolean
  /** What it printed, deviations included. */
  readonly text: string
}

/**
 * Runs the faults of the network in a namespace of their own, which needs Linux and unshare(1): as root, or where users may have
 * namespaces.
 *
 * @param short a part that takes a few seconds
 */
export function runNetworkFaults(short = false): NetworkResult {
  const program = fileURLToPath(new URL('./network.js', import.meta.url))
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user']
  const args = [...flags, process.execPath, program, ...(short ? ['--short'] : [])]
  const { error, status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  if (error !== undefined) return { ran: false, passed: false, text: `unshare: ${error.message}` }
  const text = `${stdout}${stderr}`.trim()
  // unshare itself, when it is not allowed to, ends with 1 and prints one line of its own.
  const ran = status !== LEFT_OUT && !stderr.startsWith('unshare:')
  return { ran, passed: status === 0, text }
}
