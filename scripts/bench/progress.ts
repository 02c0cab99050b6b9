/** What a run says while it goes on. */
import process from 'node:process'

export interface Progress {
  /** Where it is: what of how many, and what comes now. */
  at(place: string, scenario: string, target: string): void
  /** Something that stays. */
  tell(text: string): void
}

/** In a terminal one line that changes; elsewhere a line for each scenario. */
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
