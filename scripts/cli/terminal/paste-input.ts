import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { LINE_BREAK, toPictures } from './control-pictures.ts'

const ESCAPE = '\x1b'
const PASTE_START = '\x1b[200~'
const PASTE_END = '\x1b[201~'

/** Switches the terminal's bracketed paste, in which it marks what is pasted. */
export const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

/** The terminal's answer to the question where the cursor is, or the beginning of one at the end. */
const POSITION = new RegExp(`${ESCAPE}\\[\\d+;(\\d+)R`)
const POSITION_START = new RegExp(`${ESCAPE}(\\[[\\d;]*)?$`)

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
  /** Questions where the cursor is that were not answered yet, and who wants to know. */
  #questions = 0
  #positionAsked: ((column: number) => void) | undefined

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

  /**
   * Takes the terminal's next answer to the question where the cursor is out of the keys. Of several questions, the last one is
   * answered.
   *
   * @param answer called with the column, from 1; undefined if nobody waits for the answers any more
   */
  askPosition(answer: ((column: number) => void) | undefined): void {
    if (answer !== undefined) this.#questions++
    this.#positionAsked = answer
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
    if (this.#questions > 0) text = this.#takePosition(text)
    for (;;) {
      const mark = this.#isPasting ? PASTE_END : PASTE_START
      const at = text.indexOf(mark)
      if (at < 0) break
      this.#pass(text.slice(0, at))
      this.#isPasting = !this.#isPasting
      text = text.slice(at + mark.length)
    }
    const held = this.#questions > 0 && !this.#isPasting ? POSITION_START.exec(text)?.[0] : undefined
    this.#held = held ?? beginningOf(this.#isPasting ? PASTE_END : PASTE_START, text)
    this.#pass(text.slice(0, text.length - this.#held.length))
    if (this.#held !== '') this.#timer = setTimeout(() => this.#release(), PATIENCE)
  }

  /** What is left without the answers. */
  #takePosition(text: string): string {
    let keys = text
    for (let found = POSITION.exec(keys); found !== null && this.#questions > 0; found = POSITION.exec(keys)) {
      keys = keys.replace(found[0], '')
      this.#questions--
      if (this.#questions === 0) this.#positionAsked?.(Number(found[1]))
    }
    return keys
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
