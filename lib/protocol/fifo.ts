/**
 * A queue from which items are taken in the order in which they came, each in constant time on average. `shift` of a long array
 * moves all the others: taking 100,000 items one by one that way stops the event loop for seconds.
 */
export class Fifo<Item> {
  /** The newer items, in order. */
  #back: Item[] = []
  /** The older items, the oldest one last. */
  #front: Item[] = []

  get length(): number {
    return this.#front.length + this.#back.length
  }

  /** The oldest item. */
  get first(): Item | undefined {
    return this.#front.at(-1) ?? this.#back[0]
  }

  /** Returns how many items there are. */
  push(item: Item): number {
    return this.#front.length + this.#back.push(item)
  }

  /** Puts an item before all the others. */
  unshift(item: Item): void {
    this.#front.push(item)
  }

  /** Takes the oldest item. */
  shift(): Item | undefined {
    // A single item stays where it is: most queues hold no more.
    if (this.#front.length === 0 && this.#back.length > 1) this.#front = this.#back.splice(0).reverse()
    return this.#front.pop() ?? this.#back.pop()
  }

  /** Removes all items. Returns them, the oldest one first. */
  clear(): Item[] {
    return this.#front.splice(0).reverse().concat(this.#back.splice(0))
  }
}
