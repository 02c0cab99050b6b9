/** The command line, or a file that it names, is wrong. The message says how; `advice` says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly advice: string | undefined

  constructor(message: string, advice?: string) {
    super(message)
    this.advice = advice
  }
}
