import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'

/** What a proxy was asked for. */
export interface Asked {
  /** Host and port as the proxy got them. */
  readonly target: string
  /** Of an HTTP proxy: names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface TestProxy {
  readonly port: number
  readonly asked: Asked[]
  close(): Promise<void>
}

export interface HttpProxyOptions {
  /** Makes the proxy speak TLS. With `requestCert`, a client has to have a certificate. */
  readonly tls?: ServerOptions
  /** `user:password`; without it, anybody may use the proxy. */
  readonly credentials?: string
  readonly host?: string
  /** Connects to this port of 127.0.0.1, wherever it is asked to connect to. */
  readonly leadsTo?: number
}

/** An HTTP proxy that opens tunnels, made of node:http. */
export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<TestProxy> {
  const asked: Asked[] = []
  const server: HttpServer = options.tls === undefined ? createServer() : createSecureServer(options.tls)
  const wanted = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`
  server.on('connect', (request, socket: Socket) => {
    socket.on('error', () => {})
    asked.push({ target: request.url!, headers: request.headers })
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      const fields = 'Proxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 9\r\nSet-Cookie: proxy=1'
      socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${fields}\r\n\r\nwho, you?`)
      return
    }
    const { hostname, port } = new URL(`tcp://${request.url}`)
    join(
      socket,
      options.leadsTo ?? Number(port),
      options.leadsTo ? '127.0.0.1' : hostname.replace(/[[\]]/g, ''),
      () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      },
    )
  })
  return await listen(server, asked, options.host)
}

export interface SocksProxyOptions {
  readonly credentials?: string
  readonly leadsTo?: number
}

/** A proxy that speaks SOCKS 5 (RFC 1928, RFC 1929) and SOCKS 4A. */
export async function startSocksProxy(options: SocksProxyOptions = {}): Promise<TestProxy> {
  const asked: Asked[] = []
  const server = createTcpServer(socket => {
    socket.on('error', () => {})
    void serveSocks(new ByteQueue(socket), socket, options, asked).catch(() => socket.destroy())
  })
  return await listen(server, asked)
}

async function serveSocks(bytes: ByteQueue, socket: Socket, options: SocksProxyOptions, asked: Asked[]): Promise<void> {
  const tunnel = (host: string, port: number, granted: Uint8Array): void => {
    asked.push({ target: `${host}:${port}`, headers: {} })
    bytes.release()
    join(socket, options.leadsTo ?? port, options.leadsTo ? '127.0.0.1' : host, () => socket.write(granted))
  }
  const [version] = await bytes.take(1)
  if (version === 4) {
    const head = await bytes.take(7)
    const user = await bytes.takeText()
    if (options.credentials !== undefined && user !== options.credentials) {
      socket.end(Uint8Array.of(0, 93, 0, 0, 0, 0, 0, 0))
      return
    }
    const isName = head[3] === 0 && head[4] === 0 && head[5] === 0
    const host = isName ? await bytes.takeText() : [...head.subarray(3)].join('.')
    return tunnel(host, head.readUInt16BE(1), Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0))
  }
  const [count] = await bytes.take(1)
  const methods = [...(await bytes.take(count!))]
  const method = options.credentials === undefined ? 0 : methods.includes(2) ? 2 : 0xff
  socket.write(Uint8Array.of(5, method))
  if (method === 0xff) return
  if (method === 2) {
    const [, userLength] = await bytes.take(2)
    const user = (await bytes.take(userLength!)).toString('latin1')
    const password = (await bytes.take((await bytes.take(1))[0]!)).toString('latin1')
    const right = `${user}:${password}` === options.credentials
    socket.write(Uint8Array.of(1, right ? 0 : 1))
    if (!right) return
  }
  const [, , , type] = await bytes.take(4)
  const address = await bytes.take(type === 1 ? 4 : type === 4 ? 16 : (await bytes.take(1))[0]!)
  const port = (await bytes.take(2)).readUInt16BE()
  const groups = Array.from({ length: 8 }, (_, index) =>
    type === 4 ? address.readUInt16BE(index * 2).toString(16) : '',
  )
  const host = type === 1 ? [...address].join('.') : type === 4 ? groups.join(':') : address.toString('latin1')
  tunnel(host, port, Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80))
}

function join(socket: Socket, port: number, host: string, joined: () => void): void {
  const onward = connect({ port, host, allowHalfOpen: true, noDelay: true }, () => {
    joined()
    onward.pipe(socket).pipe(onward)
  })
  onward.on('error', () => socket.destroy())
  onward.on('close', () => socket.destroy())
  socket.on('close', () => onward.destroy())
}

async function listen(server: Server, asked: Asked[], host = '127.0.0.1'): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    asked,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Bytes of a socket, taken as they are needed. */
class ByteQueue {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #wake = (): void => {}
  readonly #onData = (bytes: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    this.#wake()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
  }

  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  /** Text up to a byte of zero. */
  async takeText(): Promise<string> {
    let text = ''
    for (;;) {
      const [byte] = await this.take(1)
      if (byte === 0) return text
      text += String.fromCharCode(byte!)
    }
  }

  /** Leaves the rest to whoever reads the socket next. */
  release(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.pause()
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes)
  }
}
