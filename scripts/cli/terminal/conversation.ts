import process from 'node:process'
import { WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { clock } from '../clock.ts'
import { describeClose } from '../close-codes.ts'
import { describeFailure } from '../describe-failure.ts'
import type { Message, Recorder } from '../exchange-record.ts'
import { type Closing, Link } from '../link.ts'
import type { MessageChecker } from '../message-checker.ts'
import { type Colours, coloursFor } from '../style.ts'
import { printable } from '../text.ts'
import type { Watcher } from '../watch.ts'
import { createWireLog } from '../wire-log.ts'
import { completeLine, runCommand } from './commands.ts'
import { toPictures } from './control-pictures.ts'
import type { Connection, Desk, MessageCatalog, Tone } from './desk.ts'
import { Editor } from './editor.ts'
import { presentMessage } from './present.ts'
import { SavedMessages } from './saved-messages.ts'
import { type Kept, Transcript } from './transcript.ts'

export interface ConversationOptions {
  readonly url: string
  readonly socket: WebSocketOptions
  readonly reconnect: boolean
  readonly reconnectDelay: number
  /** Messages that each connection begins with. */
  readonly greetings: readonly string[]
  /** 0 to 2. */
  readonly verbose: number
  readonly recorder: Recorder | undefined
  readonly checker: MessageChecker | undefined
  readonly catalog: MessageCatalog | undefined
}

/**
 * A conversation in a terminal: each line that is typed is a message, or a command if it begins with a slash.
 *
 * @returns the exit code: 0 if the last connection was closed cleanly, and not with the code of an error
 * @throws what the constructor of WebSocket throws for a wrong URL, header or subprotocol
 */
export function converse(options: ConversationOptions): Promise<number> {
  const saved = new SavedMessages()
  return new Conversation(options, saved).result
}

class Conversation implements Desk {
  readonly result: Promise<number>
  readonly connections: Connection[] = []
  readonly saved: SavedMessages
  readonly colours: Colours = coloursFor(process.stdout)
  pretty = true
  current: Connection
  readonly #options: ConversationOptions
  readonly #editor: Editor
  #resolve!: (exitCode: number) => void
  #exitCode = 0
  #isLeaving = false
  #wasOpen = false

  constructor(options: ConversationOptions, saved: SavedMessages) {
    this.#options = options
    this.saved = saved
    this.result = new Promise(resolve => {
      this.#resolve = resolve
    })
    this.#editor = new Editor({
      line: text => this.#entered(text),
      end: () => this.leave(),
      interrupt: () => this.leave(),
      complete: line => completeLine(this, line),
    })
    try {
      this.current = this.#connect(options.url)
    } catch (error) {
      this.#editor.close()
      throw error
    }
    const { recorder } = options
    if (recorder !== undefined) recorder.onLost = reason => this.note('red', reason)
    this.#updatePrompt()
    process.on('SIGTERM', () => this.leave())
  }

  get catalog(): MessageCatalog | undefined {
    return this.#options.catalog
  }

  get width(): number {
    return this.#editor.columns
  }

  send(message: Message): void {
    this.#send(message, undefined)
  }

  note(tone: Tone, text: string, about?: Connection): void {
    const painted = tone === 'plain' ? text : text.split('\n').map(this.colours[tone]).join('\n')
    this.#editor.remark((about === undefined ? '' : this.#mark(about)) + painted)
  }

  showKept(kept: Kept, whole = false): void {
    this.#editor.print(this.#present(kept, this.current, whole, `#${kept.number} `))
  }

  ask(question: string): Promise<string> {
    return this.#editor.ask(question)
  }

  open(url: string): void {
    this.current = this.#connect(url)
    this.#updatePrompt()
  }

  switchTo(number: number): void {
    const chosen = this.connections.find(one => one.number === number)
    if (chosen === undefined) throw new Error(`There is no connection ${number}. /switch lists them`)
    this.current = chosen
    this.#updatePrompt()
    this.note('dim', printable(chosen.link.socket.url), chosen)
  }

  reconnect(): void {
    const { link } = this.current
    if (link.socket.readyState !== WebSocket.CLOSED) throw new Error('The connection is not closed: /close closes it')
    link.reconnect()
    this.note('dim', `connecting to ${printable(link.socket.url)}`, this.current)
  }

  /** Closes all connections; a second call drops them. */
  leave(): void {
    const open = this.connections.filter(({ link }) => link.socket.readyState !== WebSocket.CLOSED || link.isWaiting)
    if (this.#isLeaving) for (const { link } of open) link.drop()
    if (this.#isLeaving) return
    this.#isLeaving = true
    for (const { link } of open) link.close(link.isOpen ? 1000 : undefined)
    if (open.length === 0) this.#end()
  }

  #connect(url: string): Connection {
    const number = this.connections.length + 1
    const { socket, reconnect, reconnectDelay, recorder, verbose } = this.#options
    const log = createWireLog(verbose, this.colours, line => this.#editor.print(this.#mark(connection) + line))
    const watcher: Watcher = {
      request: request => {
        connection.request = request
        log?.request(request)
      },
      response: response => log?.response(response),
      frame: log?.frame,
    }
    const link = new Link(
      {
        url,
        socket,
        reconnect,
        reconnectDelay,
        watcher,
        // A record is of one connection.
        recorder: number === 1 ? recorder : undefined,
      },
      {
        opened: ({ protocol }) => this.#opened(connection, protocol),
        message: message => this.#received(connection, message),
        closed: closing => this.#closed(connection, closing),
      },
    )
    const connection: Connection = { number, link, transcript: new Transcript(), waiting: [], request: undefined }
    this.connections.push(connection)
    this.note('dim', `connecting to ${printable(link.socket.url)}`, connection)
    return connection
  }

  #opened(connection: Connection, protocol: string): void {
    this.note('green', `open${protocol === '' ? '' : `, subprotocol ${protocol}`}`, connection)
    if (!this.#wasOpen)
      this.note('dim', 'A line that you type is sent. /help lists commands, Ctrl+D closes.', connection)
    this.#wasOpen = true
    this.#updatePrompt()
    const greetings = this.#options.greetings.filter(text => {
      const complaint = this.#options.checker?.checkOutgoing(text)
      if (complaint !== undefined) this.note('red', `Not sent: ${complaint}`, connection)
      return complaint === undefined
    })
    for (const message of [...greetings, ...connection.waiting.splice(0)]) {
      connection.link.send(message)
      this.#editor.print(this.#present(connection.transcript.add('sent', message), connection))
    }
  }

  #received(connection: Connection, message: Message): void {
    const kept = connection.transcript.add('received', message)
    this.#editor.print(this.#present(kept, connection))
    const complaint = this.#options.checker?.checkIncoming(message)
    if (complaint !== undefined) this.note('yellow', `  ${complaint}`, connection)
  }

  #closed(connection: Connection, { socket, code, reason, wasClean, isFailure, error, retryIn }: Closing): void {
    this.#exitCode = isFailure ? 1 : 0
    if (error !== undefined) for (const line of describeFailure(socket, error)) this.note('red', line, connection)
    const tone = isFailure ? 'red' : 'green'
    if (retryIn === undefined || wasClean) this.note(tone, `closed: ${describeClose(code, reason)}`, connection)
    if (retryIn !== undefined) return this.note('dim', `connecting again in ${retryIn / 1000} s`, connection)
    const isOver = this.connections.every(({ link }) => link.socket.readyState === WebSocket.CLOSED && !link.isWaiting)
    // Without a server there never was a conversation.
    if (isOver && (this.#isLeaving || !this.#wasOpen)) return this.#end()
    if (connection === this.current && !this.#isLeaving)
      this.note('dim', '/reconnect connects again, Ctrl+D leaves.', connection)
    this.#updatePrompt()
  }

  #entered(text: string): void {
    const isCommand = text.startsWith('/') && !text.startsWith('//')
    if (text.trim() === '') return
    if (isCommand) {
      void runCommand(this, text)
      return
    }
    try {
      this.#send(text.replace(/^\/\//, '/'), text)
    } catch (error) {
      this.note('red', (error as Error).message)
    }
  }

  /** @param typed what stands in the line above; undefined if that is a command, which stays */
  #send(message: Message, typed: string | undefined): void {
    const { link, transcript, waiting } = this.current
    const complaint = this.#options.checker?.checkOutgoing(message)
    if (complaint !== undefined) throw new Error(`Not sent: ${complaint}`)
    if (!link.isOpen) {
      const isConnecting = link.socket.readyState === WebSocket.CONNECTING || link.isWaiting
      if (!isConnecting) throw new Error('Not sent: the connection is closed. /reconnect connects again')
      waiting.push(message)
      return this.note('dim', 'It will be sent when the connection is open.', this.current)
    }
    link.send(message)
    const shown = this.#present(transcript.add('sent', message), this.current)
    if (typed === undefined) this.#editor.print(shown)
    else this.#editor.replaceEntered(toPictures(typed), shown)
  }

  #present({ message, time, direction }: Kept, connection: Connection, whole = false, number = ''): string {
    const { colours } = this
    const arrow = direction === 'sent' ? colours.cyan('>') : colours.yellow('<')
    const start = `${number}${clock(time)} `
    const mark = this.#mark(connection)
    const width = this.width
    const room = width - start.length - mark.length - 2
    const how = { colours, pretty: this.pretty, whole }
    const inLine = presentMessage(message, { ...how, width: room })
    const head = `${mark}${colours.dim(start)}${arrow} `
    if (typeof message === 'string' && !inLine.includes('\n')) return head + inLine
    const below = typeof message === 'string' ? inLine : presentMessage(message, { ...how, width })
    return typeof message === 'string' ? `${head}\n${below}` : head + below
  }

  /** The number of a connection, if there are several. */
  #mark({ number }: Connection): string {
    return this.connections.length < 2 ? '' : `${this.colours.dim(`[${number}]`)} `
  }

  #updatePrompt(): void {
    const { number, link } = this.current
    const name = this.connections.length < 2 ? '' : String(number)
    const sign = link.isOpen ? this.colours.cyan('>') : this.colours.dim('…')
    this.#editor.setPrompt(`${name}${sign} `)
    this.#editor.show()
  }

  #end(): void {
    this.#editor.close()
    this.#resolve(this.#exitCode)
  }
}
