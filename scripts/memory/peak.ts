import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/** Lets the peak begin anew, where the system can do that (Linux). */
export function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Then the peak is the one since the process began, which is no smaller.
  }
}

/** The most memory that the process has had resident, in bytes. In Linux, `maxRSS` counts that of the process it comes from. */
export function peakResident(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
