import type { Direction } from '#lib/protocol/watched-pipe.js'
import type { Message } from '../exchange-record.ts'
import { isJsonContainer, valueAt } from './json-text.ts'

/** A message of a conversation, as it is kept for `/find`, `/show` and `/save`. */
export interface Kept {
  readonly number: number
  readonly direction: Direction
  readonly time: Date
  readonly message: Message
}

/** Messages, and their characters or bytes, that are kept: the oldest ones are dropped. */
const MOST_MESSAGES = 10_000
const MOST_SIZE = 64 * 1024 * 1024

/** The messages of a connection. */
export class Transcript {
  #messages: Kept[] = []
  #size = 0
  #count = 0

  get messages(): readonly Kept[] {
    return this.#messages
  }

  add(direction: Direction, message: Message): Kept {
    const kept = { number: ++this.#count, direction, time: new Date(), message }
    this.#messages.push(kept)
    this.#size += message.length
    while (this.#messages.length > MOST_MESSAGES || (this.#size > MOST_SIZE && this.#messages.length > 1)) {
      this.#size -= this.#messages.shift()!.message.length
    }
    return kept
  }

  get(number: number): Kept | undefined {
    return this.#messages.find(kept => kept.number === number)
  }

  /**
   * Texts that have the pattern: `.path` or `.path=value` of JSON, `/regular expression/`, or words whatever their case.
   *
   * @throws SyntaxError for a wrong regular expression
   */
  find(pattern: string): Kept[] {
    const matches = compile(pattern)
    return this.#messages.filter(({ message }) => typeof message === 'string' && matches(message))
  }
}

function compile(pattern: string): (text: string) => boolean {
  const path = /^\.([\w.-]+)(?:\s*=\s*(.*))?$/s.exec(pattern)
  if (path !== null) {
    const [, keys, wanted] = path
    return text => {
      if (!isJsonContainer(text)) return false
      const value = valueAt(JSON.parse(text), keys!)
      if (value === undefined || wanted === undefined) return value !== undefined
      return wanted === (typeof value === 'string' ? value : JSON.stringify(value))
    }
  }
  const expression = /^\/(.+)\/([a-z]*)$/s.exec(pattern)
  if (expression !== null) {
    const compiled = new RegExp(expression[1]!, expression[2]!.replace(/[gy]/g, ''))
    return text => compiled.test(text)
  }
  const words = pattern.toLowerCase()
  return text => text.toLowerCase().includes(words)
}
