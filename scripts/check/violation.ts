/** A violation of the rules that a check enforces. */
export interface Violation {
  /** The place, such as `lib/codec/mask.ts:12`. */
  readonly place: string
  readonly message: string
}

/** Prints the result of a check, and returns the exit code. */
export function report(check: string, violations: readonly Violation[], good: string): 0 | 1 {
  for (const { place, message } of violations) console.error(`${place}: ${message}`)
  if (violations.length === 0) console.log(`${check}: ${good}`)
  else console.error(`${check}: ${violations.length} found`)
  return violations.length === 0 ? 0 : 1
}
