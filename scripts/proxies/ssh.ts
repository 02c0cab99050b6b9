/** An ssh server and a client of it, both of the package ssh2, as a way to servers. */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Connect } from '#lib/entry/node.js'

/** What is used of ssh2. */
export interface Ssh2 {
  readonly Client: new () => Client
  readonly Server: new (options: object, onConnection: (client: Incoming) => void) => SshServer
  readonly utils: { generateKeyPairSync(type: 'ed25519'): { readonly private: string } }
}

interface Client {
  on(event: string, listener: (...args: any[]) => void): this
  connect(options: object): unknown
  forwardOut(
    fromHost: string,
    fromPort: number,
    host: string,
    port: number,
    callback: (error: Error | undefined, channel: Duplex) => void,
  ): unknown
  end(): unknown
}

interface Incoming {
  on(event: 'authentication', listener: (context: Authentication) => void): this
  on(event: 'tcpip', listener: (accept: () => Duplex, reject: () => void, to: Destination) => void): this
  on(event: 'error', listener: () => void): this
}

interface Authentication {
  readonly method: string
  readonly username: string
  readonly password?: string
  accept(): void
  reject(): void
}

interface Destination {
  readonly destIP: string
  readonly destPort: number
}

interface SshServer {
  listen(port: number, host: string, onListening: () => void): unknown
  address(): { port: number }
  close(): unknown
}

export interface SshWay {
  readonly connect: Connect
  /** For `http2: 'only'`. */
  readonly connectHttp2: Connect
  close(): void
}

/** @param ca what is trusted by the TLS over a channel, for wss URLs */
export async function openSsh({ Client, Server, utils }: Ssh2, ca: string): Promise<SshWay> {
  const [username, password] = ['user', 'pass-word']
  const server = new Server({ hostKeys: [utils.generateKeyPairSync('ed25519').private] }, incoming => {
    incoming.on('error', () => {})
    incoming.on('authentication', asked => {
      if (asked.method === 'password' && asked.username === username && asked.password === password) asked.accept()
      else asked.reject()
    })
    incoming.on('tcpip', (accept, _reject, { destIP, destPort }) => {
      const channel = accept()
      const onward = connectTcp(destPort, destIP)
      onward.on('error', () => channel.destroy())
      channel.on('error', () => onward.destroy())
      channel.pipe(onward).pipe(channel)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = new Client()
  client.connect({ host: '127.0.0.1', port: server.address().port, username, password })
  await once(client as never, 'ready')
  const open = (host: string, port: number): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => (error ? reject(error) : resolve(channel)))
    })
  const openFor = (protocol: string): Connect => {
    return async ({ host, port, secure }) => {
      const channel = await open(host, port)
      if (!secure) return channel
      return connectTls({ socket: channel as never, host, servername: host, ca, ALPNProtocols: [protocol] })
    }
  }
  return {
    connect: openFor('http/1.1'),
    connectHttp2: openFor('h2'),
    close() {
      client.end()
      server.close()
    },
  }
}
