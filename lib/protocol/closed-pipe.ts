import type { Pipe } from '../transport/pipe.ts'

const nothing = (): true => true

/** What is left of a pipe that has closed: it takes all, and does nothing with it. */
export const CLOSED_PIPE: Omit<Pipe, 'start'> = {
  write: nothing,
  end: nothing,
  abort: nothing,
  pause: nothing,
  resume: nothing,
}
