/** An attack that needs no process of its own: it is seen in the bytes that the client sends. */
export interface Check {
  readonly name: string
  readonly source: string
  readonly bound: string
  run(): Promise<CheckResult>
}

export interface CheckResult {
  /** For the table. */
  readonly measured: string
  readonly problems: readonly string[]
}
