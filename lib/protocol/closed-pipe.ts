import type { Pipe } from '../transport/pipe.ts'

const nothing = (): true => true

/** Stands in for a pipe that has closed while the reader is still busy: accepts every call, and does nothing. */
export const CLOSED_PIPE: Omit<Pipe, 'start'> = {
  write: nothing,
  end: nothing,
  abort: nothing,
  pause: nothing,
  resume: nothing,
}
