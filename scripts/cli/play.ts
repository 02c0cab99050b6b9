import { Buffer } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import type { Direction } from '#lib/protocol/watched-pipe.js'
import { type Entry, type Message, type MessageEntry, messageOf } from './exchange-record.ts'
import { hexadecimal, printable } from './text.ts'

/** One side of a connection, as a record is played on it. */
export interface Side {
  send(message: Message): void
  /** The next message of the other side; undefined if it does not come within the time, or the connection has ended. */
  next(limit: number): Promise<Message | undefined>
  readonly isOpen: boolean
}

export interface PlayOptions {
  /** Which messages of the record are ours to send. */
  readonly ours: Direction
  /** How many times as fast as it was; Infinity for no pauses. */
  readonly speed: number
  /** Milliseconds to wait for a message of the other side. */
  readonly patience: number
  note(line: string): void
}

/**
 * Plays a record: sends our messages with the pauses that they had, and waits for those of the other side where they came.
 *
 * @returns the number of messages of the other side that were others, or did not come
 */
export async function play(entries: readonly Entry[], side: Side, options: PlayOptions): Promise<number> {
  const messages = entries.filter((entry): entry is MessageEntry => 'direction' in entry)
  let differences = 0
  let before = entries[0]?.time
  for (const [index, entry] of messages.entries()) {
    if (!side.isOpen) {
      options.note(`The connection ended before message ${index + 1} of ${messages.length}.`)
      return differences + 1
    }
    if (entry.direction === options.ours) {
      const pause = Math.max(0, Date.parse(entry.time) - Date.parse(before!)) / options.speed
      if (pause > 0) await new Promise(resolve => setTimeout(resolve, pause))
      if (side.isOpen) side.send(messageOf(entry))
    } else {
      const message = await side.next(options.patience)
      const difference = compare(messageOf(entry), message)
      if (difference !== undefined) {
        options.note(`Message ${index + 1} ${difference}`)
        differences++
      }
    }
    before = entry.time
  }
  return differences
}

/** How a message differs from that of the record; undefined if it does not. JSON may be written otherwise. */
function compare(recorded: Message, message: Message | undefined): string | undefined {
  if (message === undefined) return `did not come: ${show(recorded)}`
  return isSame(recorded, message) ? undefined : `differs:\n  recorded ${show(recorded)}\n  received ${show(message)}`
}

function isSame(one: Message, other: Message): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') {
    return typeof one !== 'string' && typeof other !== 'string' && Buffer.compare(one, other) === 0
  }
  if (one === other) return true
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other))
  } catch {
    return false
  }
}

/** Characters that are shown of a message. */
const MOST_SHOWN = 200

function show(message: Message): string {
  if (typeof message !== 'string') return `binary ${hexadecimal(message, MOST_SHOWN / 4)}`
  return printable(JSON.stringify(message.length > MOST_SHOWN ? `${message.slice(0, MOST_SHOWN)}…` : message))
}

/** Keeps the messages of the other side until they are asked for. */
export class Inbox {
  readonly #messages: Message[] = []
  #wake: (() => void) | undefined
  #isOver = false

  add(message: Message): void {
    this.#messages.push(message)
    this.#wake?.()
  }

  /** The connection has ended. */
  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async next(limit: number): Promise<Message | undefined> {
    if (this.#messages.length === 0 && !this.#isOver) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, limit)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
    return this.#messages.shift()
  }
}
