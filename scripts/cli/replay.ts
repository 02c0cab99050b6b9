import type { Buffer } from 'node:buffer'
import process from 'node:process'
import type { WebSocket as ServerSocket } from 'ws'
import type { WebSocketOptions } from '#lib/entry/node.js'
import { describeClose } from './close-codes.ts'
import { describeFailure } from './describe-failure.ts'
import { type Entry, type EventEntry, type Message, readRecord } from './exchange-record.ts'
import { Link } from './link.ts'
import { Inbox, type PlayOptions, play } from './play.ts'
import { type ServerOptions, serve } from './server.ts'
import { coloursFor } from './style.ts'
import { count } from './text.ts'
import { createWireLog } from './wire-log.ts'

export interface ReplayOptions {
  readonly file: string
  readonly speed: number
  /** Milliseconds. */
  readonly patience: number
  /** Whether a difference is a failure. */
  readonly check: boolean
}

export interface ReplayToServerOptions extends ReplayOptions {
  readonly url: string
  readonly socket: WebSocketOptions
  readonly verbose: number
}

export interface ReplayAsServerOptions extends ReplayOptions, ServerOptions {
  /** Ends after the first connection. */
  readonly once: boolean
}

const colours = coloursFor(process.stderr)

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/**
 * Plays the client's side of a record against a server.
 *
 * @returns the exit code
 */
export function replayToServer(options: ReplayToServerOptions): Promise<number> {
  const entries = readRecord(options.file)
  const inbox = new Inbox()
  return new Promise(resolve => {
    let differences = 0
    const link = new Link(
      {
        ...options,
        reconnect: false,
        reconnectDelay: 0,
        watcher: createWireLog(options.verbose, colours, note),
      },
      {
        async opened() {
          const side = {
            send: (message: Message) => link.send(message),
            next: (limit: number) => inbox.next(limit),
            get isOpen() {
              return link.isOpen
            },
          }
          differences = await play(entries, side, {
            ...options,
            ours: 'sent',
            note: line => note(colours.yellow(line)),
          })
          link.close(1000)
        },
        message: message => inbox.add(message),
        closed({ socket, code, reason, wasClean, isFailure, error }) {
          inbox.end()
          if (error !== undefined) for (const line of describeFailure(socket, error)) note(colours.red(line))
          const isBad = isFailure && !(wasClean && code === closeOf(entries).code)
          if (isBad && wasClean) note(colours.red(`closed: ${describeClose(code, reason)}`))
          // What still waits for a message hears that it is over.
          setTimeout(() => {
            report(entries, differences)
            resolve(isBad || (options.check && differences > 0) ? 1 : 0)
          })
        },
      },
    )
  })
}

/**
 * Plays the server's side of a record to each client that connects, until a signal, or until the first client has gone.
 *
 * @returns the exit code
 */
export async function replayAsServer(options: ReplayAsServerOptions): Promise<number> {
  const entries = readRecord(options.file)
  let differences = 0
  const server = await serve(
    options,
    async socket => {
      const found = await playTo(socket, entries, options)
      differences += found
      report(entries, found)
      if (options.once) server.stop()
    },
    note,
  )
  note(`${colours.green('listening')} on ${server.url} ${colours.dim(`(replay of ${options.file})`)}`)
  await server.stopped
  return options.check && differences > 0 ? 1 : 0
}

async function playTo(socket: ServerSocket, entries: readonly Entry[], options: ReplayOptions): Promise<number> {
  const inbox = new Inbox()
  socket.on('error', error => note(colours.red(error.message)))
  socket.on('message', (data, isBinary) => inbox.add(isBinary ? Uint8Array.from(data as Buffer) : data.toString()))
  const closed = new Promise<void>(resolve => {
    socket.on('close', () => {
      inbox.end()
      resolve()
    })
  })
  const side = {
    send: (message: Message) => socket.send(message, { binary: typeof message !== 'string' }),
    next: (limit: number) => inbox.next(limit),
    get isOpen() {
      return socket.readyState === socket.OPEN
    },
  }
  const howToPlay: PlayOptions = { ...options, ours: 'received', note: line => note(colours.yellow(line)) }
  const differences = await play(entries, side, howToPlay)
  const { code, reason } = closeOf(entries)
  socket.close(code, reason)
  await closed
  return differences
}

/** How the recorded connection was closed, if a server may close one so. */
function closeOf(entries: readonly Entry[]): { code: number; reason: string } {
  const end = entries.findLast((entry): entry is EventEntry => 'event' in entry && entry.event === 'close')
  const { code = 1000, reason = '' } = end ?? {}
  return code === 1005 || code === 1006 || code === 1015 ? { code: 1000, reason: '' } : { code, reason }
}

function report(entries: readonly Entry[], differences: number): void {
  const messages = entries.filter(entry => 'direction' in entry).length
  const told = differences === 0 ? colours.green('all as recorded') : colours.red(count(differences, 'difference'))
  note(`played ${count(messages, 'message')}: ${told}`)
}
