import type { Message } from '../exchange-record.ts'
import type { Colours } from '../style.ts'
import { count, printable } from '../text.ts'
import { hexDump } from './hex-dump.ts'
import { isJsonContainer, layOutJson } from './json-text.ts'

export interface Presentation {
  readonly colours: Colours
  readonly width: number
  /** Lays JSON out, and colours it. */
  readonly pretty: boolean
  /** Everything of a long message. */
  readonly whole?: boolean
}

/** Characters that are shown of a long text. */
const MOST_SHOWN = 20_000

/** A message for people: a text as it is, JSON laid out, bytes as a hex dump. What controls a terminal is escaped. */
export function presentMessage(message: Message, how: Presentation): string {
  if (typeof message !== 'string') {
    const { colours, width, whole = false } = how
    const dump = hexDump(message, width, whole ? message.length : undefined)
    return [colours.dim(`binary, ${count(message.length, 'byte')}`), ...dump].join('\n')
  }
  const cut = how.whole === true || message.length <= MOST_SHOWN ? message.length : MOST_SHOWN
  const shown = printable(message.slice(0, cut))
  if (how.pretty && cut === message.length && isJsonContainer(message)) return layOutJson(shown, how.width, how.colours)
  const rest = message.length - cut
  return rest === 0 ? shown : `${shown}${how.colours.dim(`… ${count(rest, 'character')} more`)}`
}
