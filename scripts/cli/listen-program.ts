import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { WebSocket as ServerSocket } from 'ws'
import { splitInput } from './split-input.ts'
import { printable } from './text.ts'

export interface ProgramOptions {
  readonly command: readonly string[]
  readonly binary: boolean
  readonly port: number
}

/** Bytes that may wait for a client before the program's output is read on. */
const MOST_BUFFERED = 1024 * 1024

/** Milliseconds that the program has to end after its input has ended, and again after SIGTERM. */
const GRACE = 2000

/**
 * Runs a program for a connection: each message is a line of its input, each line of its output a message. With `binary`, bytes
 * pass unchanged in both directions. The connection ends with the program, and the program with the connection.
 */
export function runProgram(
  socket: ServerSocket,
  request: IncomingMessage,
  { command: [file, ...args], binary }: ProgramOptions,
  note: (line: string) => void,
): void {
  const child = spawn(file!, args, { env: { ...process.env, ...describeRequest(request) }, stdio: 'pipe' })
  let started = true
  child.on('error', error => {
    started = false
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    note(`${file} does not start: ${isMissing ? 'there is no such program' : error.message}`)
    socket.close(1011, 'The program does not start')
  })
  // The program may end before it has read all.
  child.stdin.on('error', () => {})
  socket.on('message', data => {
    child.stdin.write(data as Buffer)
    const isReady = binary ? !child.stdin.writableNeedDrain : child.stdin.write('\n')
    if (isReady || socket.isPaused) return
    // A program that is slow holds up its client, instead of filling the memory.
    socket.pause()
    child.stdin.once('drain', () => socket.resume())
  })
  const sent = sendOutput(socket, child, binary).catch(error => {
    note(`What ${file} writes cannot be sent: ${(error as Error).message}`)
    socket.close(1011, 'The output is not UTF-8')
    // Nobody reads what it writes any more.
    end(child)
  })
  const errors = passErrors(child, note)
  child.on('close', async (code, signal) => {
    await Promise.all([sent, errors])
    if (started && code !== 0 && code !== null) note(`${file} ended with code ${code}`)
    if (signal !== null && socket.readyState === socket.OPEN) note(`${file} was ended by ${signal}`)
    socket.close(code === 0 ? 1000 : 1011)
  })
  socket.on('close', () => end(child))
}

async function sendOutput(socket: ServerSocket, child: ChildProcessWithoutNullStreams, binary: boolean): Promise<void> {
  const messages = binary ? child.stdout : splitInput(child.stdout, { binary: false, null: false })
  for await (const message of messages) {
    if (socket.readyState !== socket.OPEN) continue
    const sent = new Promise<void>(resolve => socket.send(message as string | Buffer, { binary }, () => resolve()))
    if (socket.bufferedAmount > MOST_BUFFERED) await sent
  }
}

async function passErrors(child: ChildProcessWithoutNullStreams, note: (line: string) => void): Promise<void> {
  // It is for people: bytes that are not UTF-8 become U+FFFD.
  for await (const line of createInterface({ input: child.stderr })) note(printable(line))
}

/** Ends the program: first its input, then by signals. */
function end(child: ChildProcessWithoutNullStreams): void {
  child.stdin.end()
  const timers: NodeJS.Timeout[] = []
  const later = (signal: NodeJS.Signals, delay: number): void => {
    timers.push(setTimeout(() => child.kill(signal), delay).unref())
  }
  later('SIGTERM', GRACE)
  later('SIGKILL', 2 * GRACE)
  child.once('close', () => {
    for (const timer of timers) clearTimeout(timer)
  })
}

/** The request as CGI (RFC 3875) tells it to a program. */
function describeRequest({ url = '/', headers, method = 'GET', socket }: IncomingMessage): Record<string, string> {
  const [path = '/', query = ''] = url.split(/\?(.*)/s)
  // HTTP_PROXY would be taken for the proxy of the program's own requests.
  const safe = Object.entries(headers).filter(([name]) => name !== 'proxy')
  const fields = safe.map(([name, value]) => {
    return [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, String(value)] as const
  })
  return {
    ...Object.fromEntries(fields),
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'whatwg-websocket',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_NAME: headers.host?.replace(/:\d+$/, '') ?? '',
    SERVER_PORT: String(socket.localPort ?? ''),
    REQUEST_METHOD: method,
    REQUEST_URI: url,
    PATH_INFO: path,
    QUERY_STRING: query,
    REMOTE_ADDR: socket.remoteAddress ?? '',
    REMOTE_PORT: String(socket.remotePort ?? ''),
  }
}
