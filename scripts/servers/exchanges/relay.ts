import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP relay that counts the bytes in each direction. */
export interface Relay {
  readonly port: number
  readonly toServer: number
  readonly toClient: number
  close(): Promise<void>
}

export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let toServer = 0
  let toClient = 0
  const server = createServer({ allowHalfOpen: true }, client => {
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay()
      socket.on('error', () => other.destroy())
      socket.once('close', () => sockets.delete(socket))
      socket.on('data', bytes => {
        if (socket === client) toServer += bytes.length
        else toClient += bytes.length
      })
      socket.pipe(other)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get toServer() {
      return toServer
    },
    get toClient() {
      return toClient
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
