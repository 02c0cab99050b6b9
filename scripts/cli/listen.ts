import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { describeClose } from './describe-failure.ts'
import { runProgram } from './listen-program.ts'
import { coloursFor } from './style.ts'
import { count, printable } from './text.ts'
import { UsageError } from './usage-error.ts'
import { readFileOf } from './values.ts'

export interface ListenOptions {
  readonly port: number
  readonly host: string
  /** The program whose lines are the messages; empty for an echo server. */
  readonly command: readonly string[]
  readonly binary: boolean
  readonly protocol: readonly string[]
  /** Origins of web pages that may connect; `*` is any. */
  readonly origin: readonly string[]
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Shows connections. */
  readonly verbose: boolean
}

/**
 * Serves until a signal: echoes each message, or runs a program for each connection.
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function listen(options: ListenOptions): Promise<number> {
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw new UsageError('TLS needs both --cert and --key')
  }
  const { cert, key, protocol } = options
  const isSecure = cert !== undefined && key !== undefined
  const http = isSecure
    ? createSecureServer({ cert: readFileOf('--cert', cert), key: readFileOf('--key', key) })
    : createServer()
  http.on('request', (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', 'Content-Type': 'text/plain' })
    response.end('This is a WebSocket server.\n')
  })
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: true,
    verifyClient: ({ origin }: { origin: string | undefined }) => isWelcome(origin, options),
    ...(protocol.length === 0 ? {} : { handleProtocols: offered => protocol.find(one => offered.has(one)) ?? false }),
  })
  const colours = coloursFor(process.stderr)
  const note = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  // The errors of the HTTP server, which `start` reports.
  server.on('error', () => {})
  let connections = 0
  server.on('connection', (socket, request) => {
    const name = `#${++connections}`
    if (options.verbose) note(colours.dim(`${name} open ${printable(request.url ?? '')}`))
    socket.on('error', error => note(colours.red(`${name} ${error.message}`)))
    socket.on('close', (code, reason) => {
      if (options.verbose) note(colours.dim(`${name} closed: ${describeClose(code, reason.toString())}`))
    })
    if (options.command.length === 0) echo(socket)
    else runProgram(socket, request, options, line => note(`${colours.dim(name)} ${line}`))
  })
  await start(http, options)
  const { port } = http.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const what = options.command.length === 0 ? 'echo server' : options.command.join(' ')
  note(`${colours.green('listening')} on ${isSecure ? 'wss' : 'ws'}://${host}:${port}/ ${colours.dim(`(${what})`)}`)
  return await untilSignal(server, http, line => note(line))
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

function start(http: ReturnType<typeof createServer>, { port, host }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(new UsageError(`Port ${port} is in use`, 'Take another one, or 0 for any that is free.'))
      } else if (error.code === 'EACCES') {
        reject(new UsageError(`This user may not listen on port ${port}`, 'Take one from 1024 on.'))
      } else reject(new UsageError(`Cannot listen on ${host}: ${error.message}`))
    })
    http.listen(port, host, resolve)
  })
}

/** Milliseconds that clients have for the closing handshake. */
const GRACE = 2000

function untilSignal(
  server: WebSocketServer,
  http: ReturnType<typeof createServer>,
  note: (line: string) => void,
): Promise<number> {
  return new Promise(resolve => {
    let stopping = false
    const stop = (): void => {
      const clients = [...server.clients]
      if (stopping) for (const client of clients) client.terminate()
      if (stopping) return
      stopping = true
      if (clients.length > 0) note(`closing ${count(clients.length, 'connection')}`)
      for (const client of clients) client.close(1001)
      const timer = setTimeout(() => {
        for (const client of clients) client.terminate()
      }, GRACE)
      const closed = clients.map(client => new Promise(done => client.once('close', done)))
      server.close()
      http.close(async () => {
        await Promise.all(closed)
        clearTimeout(timer)
        process.off('SIGINT', stop)
        process.off('SIGTERM', stop)
        resolve(0)
      })
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
