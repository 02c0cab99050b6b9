import type { Message } from './exchange-record.ts'

/** Checks messages against the schemas of a document. Each function returns what is wrong, undefined if nothing is. */
export interface MessageChecker {
  checkOutgoing(message: Message): string | undefined
  checkIncoming(message: Message): string | undefined
}
