import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/** Resets the peak of `peakResident`. Works on Linux only. */
export function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Elsewhere the peak stays that since the start of the process, an upper bound.
  }
}

/** Peak resident memory of this process in bytes. Not `maxRSS` on Linux, which includes the parent process it was forked from. */
export function peakResident(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
