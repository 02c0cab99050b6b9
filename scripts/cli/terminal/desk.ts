import type { Message } from '../exchange-record.ts'
import type { Link } from '../link.ts'
import type { Colours } from '../style.ts'
import type { Request } from '../watch.ts'
import type { SavedMessages } from './saved-messages.ts'
import type { Kept, Transcript } from './transcript.ts'

/** One of the connections of a conversation. */
export interface Connection {
  readonly number: number
  readonly link: Link
  readonly transcript: Transcript
  /** Messages that were typed before the connection was open. */
  readonly waiting: Message[]
  /** The request of the opening handshake, once it was sent; its credentials are masked. */
  request: Request | undefined
}

/** Messages that a document describes. */
export interface MessageCatalog {
  readonly names: readonly string[]
  /** An example of a message; undefined if there is none of that name. */
  template(name: string): unknown
  /** Candidates for the end of a message that is being typed, and what they replace. */
  complete(line: string): [candidates: string[], word: string]
  /** The channels and operations, for people. */
  describe(width: number): string
}

export type Tone = 'plain' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

/** What the commands of a conversation work with. */
export interface Desk {
  readonly connections: readonly Connection[]
  /** The connection that is talked on. */
  readonly current: Connection
  readonly saved: SavedMessages
  readonly catalog: MessageCatalog | undefined
  readonly colours: Colours
  readonly width: number
  /** Whether JSON is laid out. */
  pretty: boolean
  /** @throws Error if the connection is not open */
  send(message: Message): void
  /** @param about whose number is shown, if there are several connections */
  note(tone: Tone, text: string, about?: Connection): void
  showKept(kept: Kept, whole?: boolean): void
  /** Asks the person for a value. */
  ask(question: string): Promise<string>
  open(url: string): void
  /** @throws Error if there is no connection of that number */
  switchTo(number: number): void
  reconnect(): void
  leave(): void
}
