/** Shows the progress of a run on standard error. */
import process from 'node:process'

export interface Progress {
  /** Shows the current place, such as "3 of 40", and the measurement that begins. */
  at(place: string, scenario: string, target: string): void
  /** Prints a message that is not overwritten. */
  tell(text: string): void
}

/** Overwrites one line on a terminal; elsewhere prints a line per scenario. */
export function showProgress(): Progress {
  const { stderr } = process
  let last = ''
  return {
    at(place, scenario, target) {
      if (stderr.isTTY) stderr.write(`\r\u001b[K${place}, ${scenario}, ${target}`)
      else if (scenario !== last) stderr.write(`${place}, ${scenario}\n`)
      last = scenario
    },
    tell(text) {
      stderr.write(stderr.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`)
    },
  }
}

export function duration(seconds: number): string {
  return seconds < 150 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`
}
