import process from 'node:process'
import { createInterface, type Interface } from 'node:readline'
import {
  type CloseEvent,
  type ConnectionError,
  failure,
  handshake,
  type MessageEvent,
  ping,
  terminate,
  WebSocket,
} from '#lib/entry/node.js'
import type { Options } from './options.ts'
import { count, hexadecimal, printable, type Style, styleFor } from './terminal.ts'

const help = `/ping [TEXT]            send a ping, show its round trip
/binary HEX             send these bytes as a binary message
/close [CODE [REASON]]  close the connection (so does Ctrl+D)
//TEXT                  send a text that begins with a slash`

/**
 * A conversation: what is typed goes to the server, what the server sends is shown.
 *
 * @returns the exit code
 */
export function talk(url: string, options: Options): Promise<number> {
  const socket = new WebSocket(url, {
    protocols: options.protocols,
    headers: options.headers,
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    tls: {
      rejectUnauthorized: !options.insecure,
      ...(options.certificateAuthority === undefined ? {} : { ca: options.certificateAuthority }),
    },
  })
  return new Conversation(socket, options).result
}

class Conversation {
  /** The exit code: 0 if the connection was closed cleanly. */
  readonly result: Promise<number>
  readonly #socket: WebSocket
  readonly #wait: number
  readonly #isTerminal = process.stdin.isTTY && process.stdout.isTTY
  // Without a terminal, standard output has messages only, for another program to read; the rest goes to standard error.
  readonly #notes = this.#isTerminal ? process.stdout : process.stderr
  readonly #style = styleFor(this.#notes)
  #input: Interface | undefined
  #inputEnded = false
  #silence: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, { wait }: Options) {
    this.#socket = socket
    this.#wait = wait
    socket.binaryType = 'arraybuffer'
    this.#note('dim', `connecting to ${socket.url}`)
    socket.onopen = () => this.#opened()
    socket.onmessage = event => this.#received(event)
    socket.onerror = () => this.#failed(failure(socket))
    this.result = new Promise(resolve => {
      socket.onclose = event => resolve(this.#closed(event))
    })
    process.on('SIGINT', this.#interrupt)
  }

  #opened(): void {
    const { protocol } = this.#socket
    this.#note('green', `open${protocol === '' ? '' : `, subprotocol ${protocol}`}`)
    if (this.#isTerminal) this.#note('dim', 'type a line to send it; /help for more, Ctrl+D to close')
    const input = createInterface({
      input: process.stdin,
      ...(this.#isTerminal ? { output: process.stdout, prompt: this.#style('cyan', '> ') } : {}),
    })
    this.#input = input
    input.on('line', line => this.#typed(line))
    input.on('SIGINT', this.#interrupt)
    input.on('close', () => this.#endOfInput())
    if (this.#isTerminal) input.prompt()
  }

  #typed(line: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (!this.#isTerminal) return this.#socket.send(line)
    if (!line.startsWith('/') || line.startsWith('//')) {
      if (line !== '') this.#socket.send(line.replace(/^\/\//, '/'))
    } else {
      this.#command(line)
    }
    this.#input?.prompt()
  }

  #command(line: string): void {
    const [name, first = '', ...others] = line.slice(1).split(' ')
    const rest = others.join(' ')
    try {
      if (name === 'ping') this.#ping(`${first} ${rest}`.trim())
      else if (name === 'binary') this.#socket.send(readHexadecimal(first + rest))
      else if (name === 'close') this.#socket.close(first === '' ? 1000 : Number(first), rest)
      else this.#note('dim', help)
    } catch (error) {
      this.#note('red', (error as Error).message)
    }
  }

  #ping(text: string): void {
    ping(this.#socket, text).then(
      milliseconds => this.#note('green', `pong after ${milliseconds.toFixed(2)} ms`),
      () => {}, // Rejects if the connection ends, which `#closed` reports.
    )
  }

  #received({ data }: MessageEvent): void {
    if (this.#isTerminal) {
      const shown = typeof data === 'string' ? printable(data) : describeBytes(new Uint8Array(data as ArrayBuffer))
      this.#print(`${this.#style('yellow', '<')} ${shown}`)
    } else if (typeof data === 'string') {
      process.stdout.write(`${data}\n`)
    } else {
      this.#note('dim', describeBytes(new Uint8Array(data as ArrayBuffer)))
      process.stdout.write(new Uint8Array(data as ArrayBuffer))
    }
    if (this.#inputEnded) this.#closeAfterSilence()
  }

  #endOfInput(): void {
    if (this.#isTerminal) return this.#socket.close(1000)
    this.#inputEnded = true
    this.#closeAfterSilence()
  }

  /** Restarts the timer of `--wait`, which closes the connection. Until it fires, answers may still be in flight. */
  #closeAfterSilence(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#socket.close(1000), this.#wait)
  }

  /** Ctrl+C starts the closing handshake; a second Ctrl+C drops the connection. */
  readonly #interrupt = (): void => {
    if (this.#socket.readyState === WebSocket.CLOSING) terminate(this.#socket)
    else this.#socket.close(...(this.#socket.readyState === WebSocket.OPEN ? [1000] : []))
  }

  #failed(error: ConnectionError | undefined): void {
    if (error === undefined) return
    this.#note('red', `failed: ${printable(error.message.trim())} (${error.code})`)
    const cause = error.cause instanceof Error ? describeCause(error.cause) : ''
    if (!error.message.includes(cause)) this.#note('red', `  because: ${printable(cause)}`)
    const response = handshake(this.#socket)
    if (response === undefined || response.status === 101) return
    for (const [name, value] of response.headers) this.#note('dim', `  ${printable(`${name}: ${value}`)}`)
    if (response.body.length > 0) this.#note('dim', printable(`\n${new TextDecoder().decode(response.body)}`))
  }

  #closed({ code, reason, wasClean }: CloseEvent): number {
    clearTimeout(this.#silence)
    this.#input?.close()
    process.stdin.destroy()
    process.off('SIGINT', this.#interrupt)
    const because = reason === '' ? '' : ` "${printable(reason)}"`
    this.#note(wasClean ? 'green' : 'red', `closed ${wasClean ? 'cleanly' : 'uncleanly'}, code ${code}${because}`)
    return wasClean ? 0 : 1
  }

  #note(style: Style, text: string): void {
    this.#print(this.#style(style, text), this.#notes)
  }

  /** Prints above the line that is being typed. */
  #print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
    if (!this.#isTerminal) {
      stream.write(`${text}\n`)
      return
    }
    stream.write(`\r\x1b[K${text}\n`)
    if (this.#socket.readyState === WebSocket.OPEN) this.#input?.prompt(true)
  }
}

/** @throws RangeError */
function readHexadecimal(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s/g, '')
  if (!/^([0-9a-f]{2})+$/i.test(digits))
    throw new RangeError('/binary takes pairs of hexadecimal digits: /binary ca fe')
  return Uint8Array.from(digits.match(/../g)!, pair => Number.parseInt(pair, 16))
}

function describeBytes(bytes: Uint8Array): string {
  return `binary, ${count(bytes.length, 'byte')}: ${hexadecimal(bytes)}`
}

/** Node.js joins the errors of several addresses to an AggregateError without a message. */
function describeCause(cause: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map(error => (error as Error).message).join('; ')
  return cause.message.trim()
}
