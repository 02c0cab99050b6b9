import process from 'node:process'
import { createInterface, type ReadLineOptions } from 'node:readline'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { fromPictures } from './control-pictures.ts'
import { MOST_LINES, readHistory, writeHistory } from './history.ts'
import { BRACKETED_PASTE, PasteInput } from './paste-input.ts'
import { type Line, ResizedLine } from './resized-line.ts'

export interface EditorHandler {
  /** A line was entered: a message, or a command. */
  line(text: string): void
  /** Ctrl+D in an empty line. */
  end(): void
  /** Ctrl+C in an empty line. */
  interrupt(): void
  /** What may stand in place of the last word of the line, and that word. */
  complete(line: string): [candidates: string[], word: string]
}

/** The line at the bottom of the terminal. What is printed goes above it, while it is typed. */
export class Editor {
  readonly #handler: EditorHandler
  readonly #keys = new PasteInput(process.stdin)
  readonly #resized: ResizedLine
  readonly #line: Line
  #asked: ((answer: string) => void) | undefined
  #prompt = '… '
  #closed = false
  /** Set by Ctrl+D, after which readline writes no line any more. */
  #ended = false

  constructor(handler: EditorHandler) {
    this.#handler = handler
    process.stdout.write(BRACKETED_PASTE.on)
    process.on('exit', this.#restore)
    const settings: ReadLineOptions = {
      input: this.#keys,
      output: process.stdout,
      terminal: true,
      prompt: this.#prompt,
      history: readHistory(),
      historySize: MOST_LINES,
      removeHistoryDuplicates: true,
      escapeCodeTimeout: 50,
      completer: (line: string) => this.#handler.complete(line),
    }
    this.#resized = new ResizedLine(this.#keys, () => createInterface(settings) as Line)
    this.#line = this.#resized.line
    this.#line.on('line', text => this.#entered(text))
    this.#line.on('SIGINT', () => this.#interrupted())
    this.#line.on('SIGTSTP', () => this.#suspend())
    if (process.platform !== 'win32') process.on('SIGCONT', this.#resume)
    this.#line.on('close', () => {
      this.#ended = true
      if (this.#closed) return
      process.stdout.write('\r\x1b[J')
      this.#handler.end()
    })
  }

  get columns(): number {
    return process.stdout.columns || 80
  }

  setPrompt(prompt: string): void {
    this.#prompt = prompt
    if (this.#asked === undefined) this.#line.setPrompt(prompt)
  }

  show(): void {
    if (!this.#ended) this.#line.prompt(true)
  }

  /** Prints a remark above the line that is being typed, with its lines broken between words. */
  remark(text: string): void {
    this.print(
      text
        .split('\n')
        .map(line => wrapLine(line, this.columns))
        .join('\n'),
    )
  }

  /** Prints above the line that is being typed. */
  print(text: string): void {
    if (this.#ended) {
      process.stdout.write(`${text}\n`)
      return
    }
    const rows = this.#resized.takeRows()
    const up = rows > 0 ? `\x1b[${rows}A` : ''
    process.stdout.write(`${up}\r\x1b[J${text}\n`)
    this.#line.prevRows = 0
    this.#line.prompt(true)
  }

  /** Prints in place of the line that was just entered. */
  replaceEntered(entered: string, text: string): void {
    const rows = Math.floor(stringWidth(this.#prompt + entered) / this.columns) + 1
    process.stdout.write(`\x1b[${rows}A\r\x1b[J`)
    this.print(text)
  }

  /** Asks for a value; the line that is entered next is the answer. */
  ask(question: string): Promise<string> {
    return new Promise(resolve => {
      this.#asked = resolve
      this.#line.setPrompt(question)
      this.show()
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (!this.#ended) {
      const rows = this.#resized.takeRows()
      process.stdout.write(`${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`)
      this.#line.close()
    }
    this.#resized.stop()
    this.#keys.stop()
    if (process.platform !== 'win32') process.off('SIGCONT', this.#resume)
    this.#restore()
    process.off('exit', this.#restore)
  }

  #entered(text: string): void {
    if (this.#asked !== undefined) {
      const answer = this.#asked
      this.#asked = undefined
      // An answer may be a password.
      this.#line.history.shift()
      this.#line.setPrompt(this.#prompt)
      answer(text)
    } else {
      writeHistory(this.#line.history)
      this.#handler.line(fromPictures(text))
    }
    this.show()
  }

  /** Ctrl+C empties the line, as in shells. */
  #interrupted(): void {
    if (this.#line.line === '') return this.#handler.interrupt()
    this.#line.write(null, { ctrl: true, name: 'e' })
    this.#line.write(null, { ctrl: true, name: 'u' })
  }

  /** Ctrl+Z leaves the terminal to the shell, as it was before. */
  #suspend(): void {
    if (process.platform === 'win32') return
    this.#restore()
    this.#keys.setRawMode(false)
    process.kill(process.pid, 'SIGTSTP')
  }

  /** The shell has given the terminal back, whose mode is that of the shell. */
  readonly #resume = (): void => {
    this.#keys.setRawMode(false)
    this.#keys.setRawMode(true)
    process.stdout.write(BRACKETED_PASTE.on)
    this.#line.prevRows = 0
    this.show()
  }

  readonly #restore = (): void => {
    process.stdout.write(BRACKETED_PASTE.off)
  }
}

/** Breaks a line between words. What follows is indented as the line is. */
function wrapLine(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line
  const indent = /^ */.exec(line)![0]
  const wrapped = wrapAnsi(line.slice(indent.length), columns - indent.length, { hard: true })
  return wrapped.replace(/^/gm, indent)
}
