import process from 'node:process'
import type { WebSocket as ServerSocket } from 'ws'
import { describeClose } from './close-codes.ts'
import { runProgram } from './listen-program.ts'
import { type ServerOptions, serve } from './server.ts'
import { coloursFor } from './style.ts'
import { printable } from './text.ts'

export interface ListenOptions extends ServerOptions {
  /** The program whose lines are the messages; empty for an echo server. */
  readonly command: readonly string[]
  readonly binary: boolean
  /** Origins of web pages that may connect; `*` is any. */
  readonly origin: readonly string[]
  /** Shows connections. */
  readonly verbose: boolean
}

/**
 * Serves until a signal: echoes each message, or runs a program for each connection.
 *
 * @returns the exit code
 * @throws (rejects with) UsageError
 */
export async function listen(options: ListenOptions): Promise<number> {
  const colours = coloursFor(process.stderr)
  const note = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  let connections = 0
  const { url, stopped } = await serve(
    { ...options, isWelcome: origin => isWelcome(origin, options) },
    (socket, request) => {
      const name = `#${++connections}`
      if (options.verbose) note(colours.dim(`${name} open ${printable(request.url ?? '')}`))
      socket.on('error', error => note(colours.red(`${name} ${error.message}`)))
      socket.on('close', (code, reason) => {
        if (options.verbose) note(colours.dim(`${name} closed: ${describeClose(code, reason.toString())}`))
      })
      if (options.command.length === 0) echo(socket)
      else runProgram(socket, request, options, line => note(`${colours.dim(name)} ${line}`))
    },
    note,
  )
  const what = options.command.length === 0 ? 'echo server' : options.command.join(' ')
  note(`${colours.green('listening')} on ${url} ${colours.dim(`(${what})`)}`)
  await stopped
  return 0
}

function echo(socket: ServerSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/**
 * Browsers tell the origin of the web page. A page from elsewhere must not drive a program on this machine, so that only pages of
 * this machine are welcome to it, unless `--origin` names others.
 */
function isWelcome(origin: string | undefined, { origin: allowed, command }: ListenOptions): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  if (allowed.length > 0) return false
  if (command.length === 0) return true
  const host = URL.canParse(origin) ? new URL(origin).hostname : ''
  return host === 'localhost' || host.endsWith('.localhost') || host === '127.0.0.1' || host === '[::1]'
}
