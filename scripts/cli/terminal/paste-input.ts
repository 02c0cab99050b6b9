import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { LINE_BREAK, toPictures } from './control-pictures.ts'

const PASTE_START = '\x1b[200~'
const PASTE_END = '\x1b[201~'

/** Switches the terminal's bracketed paste, in which it marks what is pasted. */
export const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

/** Milliseconds after which the beginning of a mark is taken for keys that were typed. */
const PATIENCE = 50

/**
 * The keys of a terminal, for `node:readline`: line breaks and other control characters within a paste, and Alt+Enter, become
 * pictures, so that a paste is one message and none of it is taken for a key. Everything else passes unchanged.
 */
export class PasteInput extends PassThrough {
  readonly isTTY = true
  readonly #terminal: ReadStream
  #isPasting = false
  /** The beginning of a mark at the end of a chunk. */
  #held = ''
  #timer: NodeJS.Timeout | undefined

  constructor(terminal: ReadStream) {
    super()
    this.#terminal = terminal
    terminal.setEncoding('utf8')
    terminal.on('data', this.#onData)
    terminal.on('end', () => this.end())
  }

  setRawMode(on: boolean): this {
    this.#terminal.setRawMode(on)
    return this
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#terminal.off('data', this.#onData)
    this.#terminal.pause()
    this.end()
  }

  readonly #onData = (keys: string | Buffer): void => {
    clearTimeout(this.#timer)
    let text = this.#held + String(keys)
    this.#held = ''
    for (;;) {
      const mark = this.#isPasting ? PASTE_END : PASTE_START
      const at = text.indexOf(mark)
      if (at < 0) break
      this.#pass(text.slice(0, at))
      this.#isPasting = !this.#isPasting
      text = text.slice(at + mark.length)
    }
    this.#held = beginningOf(this.#isPasting ? PASTE_END : PASTE_START, text)
    this.#pass(text.slice(0, text.length - this.#held.length))
    if (this.#held !== '') this.#timer = setTimeout(() => this.#release(), PATIENCE)
  }

  #release(): void {
    const text = this.#held
    this.#held = ''
    this.#pass(text)
  }

  #pass(text: string): void {
    if (text === '') return
    if (this.#isPasting) this.write(toPictures(text.replace(/\r\n|\r/g, '\n')))
    else this.write(text.replaceAll('\x1b\r', LINE_BREAK))
  }
}

/** The longest end of `text` that `mark` begins with. */
function beginningOf(mark: string, text: string): string {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return text.slice(-length)
  }
  return ''
}
