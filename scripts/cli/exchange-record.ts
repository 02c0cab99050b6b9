import { Buffer } from 'node:buffer'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import type { Direction } from '#lib/protocol/watched-pipe.js'
import { readBase64 } from './text.ts'
import { UsageError } from './usage-error.ts'
import { describeFileError } from './values.ts'

/** A message: text, or bytes. */
export type Message = string | Uint8Array<ArrayBuffer>

/** One line of a record, and of `--json`. */
export interface MessageEntry {
  readonly direction: Direction
  /** ISO 8601, in UTC. */
  readonly time: string
  readonly type: 'text' | 'binary'
  /** The text; of a binary message its bytes in Base64. */
  readonly data: string
}

/** The lines of a record that are no messages. */
export interface EventEntry {
  readonly event: 'open' | 'close'
  readonly time: string
  readonly url?: string
  readonly protocol?: string
  readonly code?: number
  readonly reason?: string
}

export type Entry = MessageEntry | EventEntry

export function messageEntry(direction: Direction, message: Message, time = new Date()): MessageEntry {
  const isText = typeof message === 'string'
  const data = isText ? message : Buffer.from(message).toString('base64')
  return { direction, time: time.toISOString(), type: isText ? 'text' : 'binary', data }
}

export function messageOf(entry: MessageEntry): Message {
  return entry.type === 'text' ? entry.data : readBase64(entry.data)!
}

/**
 * Writes a record: a JSON object a line, each line at once, so that a record is whole up to the moment the program ends. The
 * conversation goes on without it if a line cannot be written, as on a full disk.
 */
export class Recorder {
  readonly #file: number
  /** Called once, with the reason, when a line cannot be written. */
  onLost: (reason: string) => void = () => {}
  #lost = false

  /** @throws UsageError */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'w')
    } catch (error) {
      throw new UsageError(`The file of --record cannot be written: ${describeFileError(error, path)}`)
    }
  }

  /** Whether a line could not be written. The record has none from there on. */
  get isLost(): boolean {
    return this.#lost
  }

  add(entry: Entry): void {
    if (this.#lost) return
    try {
      // Unlike writeSync, it writes all of a line that the system takes in parts.
      writeFileSync(this.#file, `${JSON.stringify(entry)}\n`)
    } catch (error) {
      this.#lost = true
      this.onLost(`The record cannot be written: ${(error as Error).message}`)
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** @throws UsageError that names the line which is none of a record */
export function readRecord(path: string): Entry[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`The record cannot be read: ${describeFileError(error, path)}`)
  }
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const entry = readEntry(line)
    if (entry === undefined) {
      throw new UsageError(
        `Line ${index + 1} of ${path} is no line of a record`,
        'A record is written by --record: a JSON object a line.',
      )
    }
    return [entry]
  })
}

function readEntry(line: string): Entry | undefined {
  let entry: Partial<MessageEntry & EventEntry>
  try {
    entry = Object(JSON.parse(line)) as typeof entry
  } catch {
    return undefined
  }
  if (typeof entry.time !== 'string' || Number.isNaN(Date.parse(entry.time))) return undefined
  if (entry.event === 'open' || entry.event === 'close') return entry as EventEntry
  const { type, data } = entry
  const isMessage =
    typeof data === 'string' && (type === 'text' || (type === 'binary' && readBase64(data) !== undefined))
  return isMessage && (entry.direction === 'sent' || entry.direction === 'received')
    ? (entry as MessageEntry)
    : undefined
}
