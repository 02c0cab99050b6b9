/** Something that a check of the house does not allow. */
export interface Violation {
  /** Where, such as `lib/codec/mask.ts:12`. */
  readonly place: string
  readonly message: string
}

/** Prints what a check has found, and gives the exit code. */
export function report(check: string, violations: readonly Violation[], good: string): 0 | 1 {
  for (const { place, message } of violations) console.error(`${place}: ${message}`)
  if (violations.length === 0) console.log(`${check}: ${good}`)
  else console.error(`${check}: ${violations.length} found`)
  return violations.length === 0 ? 0 : 1
}
