import { host } from '../host/host.ts'

/**
 * Numbers the turns of the event loop: the number stays the same while a script and its microtasks run, and differs in
 * the next task.
 *
 * Only turns in which somebody asks are numbered, so that an idle process schedules nothing.
 */
export class TurnCounter {
  #turn = 0
  /** Whether the callback that ends this turn is scheduled. */
  #endScheduled = false

  /** The number of the current turn. */
  get current(): number {
    if (!this.#endScheduled) {
      this.#endScheduled = true
      host.queueTask(this.#end)
    }
    return this.#turn
  }

  readonly #end = (): void => {
    this.#endScheduled = false
    this.#turn++
  }
}
