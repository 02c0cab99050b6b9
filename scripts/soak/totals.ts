/** What all connections of a run have in common: counts, and what went wrong. */
export class Totals {
  opened = 0
  /** Connections that ended as they should: cleanly, or by a kill or `terminate`. */
  clean = 0
  broken = 0
  refused = 0
  sent = 0
  echoed = 0
  bytes = 0
  /** Messages whose echo was still due when a kill or `terminate` ended their connection. */
  lost = 0
  /** In words; each fails the run. */
  readonly faults: string[] = []

  /** Connections that are open. */
  get open(): number {
    return this.opened - this.clean - this.broken
  }

  line(): string {
    return `${this.open} open, ${this.opened} opened, ${this.clean} clean, ${this.broken} broken, ${this.refused} refused, ${this.sent} sent, ${this.echoed} echoed, ${this.lost} lost, ${this.faults.length} faults`
  }
}
