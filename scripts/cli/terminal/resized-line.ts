import process from 'node:process'
import type { Interface } from 'node:readline'
import stringWidth from 'string-width'
import type { PasteInput } from './paste-input.ts'

/** Readline with the parts that its types do not have. */
export type Line = Interface & { prevRows: number; history: string[] }

/** Asks the terminal where the cursor is (DSR). */
const WHERE = '\x1b[6n'

/** Milliseconds for the answer. Without one, the line is drawn anew all the same. Over a slow connection it may take long. */
const PATIENCE = 2000

/**
 * Draws the line that is typed anew when the terminal has another width. Some terminals have then broken the line in other places
 * and some have cut it off, so that it begins in another row. The column that the cursor has tells which of the two was done.
 * Readline takes the second for granted: it would leave old rows, or remove rows above that are not its own.
 */
export class ResizedLine {
  readonly #line: Line
  readonly #input: PasteInput
  /** The width for which the line was drawn. */
  #columns = process.stdout.columns
  /** Whether the terminal breaks lines anew; undefined until that was seen. */
  #reflows: boolean | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param make makes the line; its own listener of the event `resize` is removed */
  constructor(input: PasteInput, make: () => Line) {
    const others = new Set(process.stdout.listeners('resize'))
    this.#line = make()
    this.#input = input
    for (const listener of process.stdout.listeners('resize')) {
      if (!others.has(listener)) process.stdout.off('resize', listener as () => void)
    }
    process.stdout.on('resize', this.#resized)
  }

  get line(): Line {
    return this.#line
  }

  stop(): void {
    clearTimeout(this.#timer)
    process.stdout.off('resize', this.#resized)
  }

  readonly #resized = (): void => {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#drawWithoutAnswer, PATIENCE)
    this.#input.askPosition(this.#draw)
    process.stdout.write(WHERE)
  }

  /** An answer that comes later is of the line before it was drawn. */
  readonly #drawWithoutAnswer = (): void => {
    this.#input.askPosition(undefined)
    this.#draw()
  }

  /** @param column where the cursor is, from 1; undefined if the terminal did not say */
  readonly #draw = (column?: number): void => {
    clearTimeout(this.#timer)
    this.#line.prevRows = this.takeRows(column)
    this.#line.prompt(true)
  }

  /**
   * The rows of the line above that of the cursor, for who draws the line anew.
   *
   * @param column where the cursor is, from 1, if the terminal has said that
   */
  takeRows(column?: number): number {
    const [before, now] = [this.#columns, process.stdout.columns]
    this.#columns = now
    if (before === now) return this.#line.getCursorPos().rows
    const width = stringWidth(this.#line.getPrompt() + this.#line.line.slice(0, this.#line.cursor))
    // Behind a row that is full, the cursor is at its end or in the next row.
    const reflowed = width % now === 0 && column !== 1 ? width - 1 : width
    const isReflowed = column === (reflowed % now) + 1
    const isCut = column === Math.min((width % before) + 1, now)
    if (isReflowed !== isCut) this.#reflows = isReflowed
    const [cutRows, reflowedRows] = [Math.floor(width / before), Math.floor(reflowed / now)]
    // As long as nothing was seen, rather old rows than rows of others that are removed.
    if (this.#reflows === undefined) return Math.min(cutRows, reflowedRows)
    return this.#reflows ? reflowedRows : cutRows
  }
}
