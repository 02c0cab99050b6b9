import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

/** Lines that are kept from one conversation to the next. */
export const MOST_LINES = 1000

/** Where they are kept. They may be secret, so that only the user may read them. */
function historyFile(): string {
  const { XDG_STATE_HOME } = process.env
  const state = (XDG_STATE_HOME ?? '') === '' ? join(homedir(), '.local/state') : XDG_STATE_HOME!
  return join(state, 'whatwg-websocket', 'history')
}

/** The lines that were typed before, the newest first. */
export function readHistory(): string[] {
  try {
    return readFileSync(historyFile(), 'utf8').split('\n').filter(Boolean).reverse()
  } catch {
    return []
  }
}

/**
 * Keeps lines. A line that begins with a space is not kept, as in shells.
 *
 * @param lines the newest first
 */
export function writeHistory(lines: readonly string[]): void {
  const kept = lines.filter(line => !line.startsWith(' ')).slice(0, MOST_LINES)
  try {
    mkdirSync(dirname(historyFile()), { recursive: true, mode: 0o700 })
    writeFileSync(historyFile(), `${kept.toReversed().join('\n')}\n`, { mode: 0o600 })
  } catch {
    // A home that cannot be written to keeps no history.
  }
}
