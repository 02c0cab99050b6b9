import type { WebSocketOptions } from '#lib/entry/node.js'
import { equal, open, type Session, type Target } from './checks.ts'

export interface SocketIoClient {
  readonly session: Session
  /** Emits an event with a text or bytes, and gives the value of the event of the same name that comes back. */
  echo(value: string): Promise<string>
  echo(value: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  emit(name: string, ...values: unknown[]): void
  /** The next event: its name and its values. */
  event(): Promise<unknown[]>
}

/** A client of Socket.IO 5 over Engine.IO 4, over WebSocket alone. */
export async function socketIo(target: Target, options?: WebSocketOptions, origin?: string): Promise<SocketIoClient> {
  const session = await open(target, options, origin)
  const packets = queue(session)
  // What Engine.IO sends first, then the connection of the default namespace.
  equal(String(await packets()).slice(0, 1), '0')
  session.socket.send('40')
  equal(String(await packets()).slice(0, 2), '40')
  const emit = (name: string, ...values: unknown[]): void =>
    session.socket.send(`42${JSON.stringify([name, ...values])}`)
  const event = async (): Promise<unknown[]> => {
    const packet = String(await packets())
    equal(packet.slice(0, 2), '42')
    return JSON.parse(packet.slice(2))
  }
  async function echo(value: string | Uint8Array<ArrayBuffer>): Promise<any> {
    if (typeof value === 'string') {
      emit('echo', value)
      return (await event())[1]
    }
    // A packet with one attachment, which is the message behind it.
    const packet = '451-["echo",{"_placeholder":true,"num":0}]'
    session.socket.send(packet)
    session.socket.send(value)
    equal(JSON.stringify(JSON.parse(String(await packets()).slice(4))), packet.slice(4))
    return await packets()
  }
  return { session, echo, emit, event }
}

/** Messages in their order, also those that nobody waits for yet; pings of Engine.IO are answered. */
function queue({ socket, closed }: Session): () => Promise<string | ArrayBuffer> {
  const arrived: (string | ArrayBuffer)[] = []
  let wake = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    if (data === '2') return socket.send('3')
    arrived.push(data as string | ArrayBuffer)
    wake()
  })
  let isOver = false
  void closed.then(() => {
    isOver = true
    wake()
  })
  return async () => {
    while (arrived.length === 0) {
      if (isOver) throw new Error('the server closes')
      await new Promise<void>(resolve => (wake = resolve))
    }
    return arrived.shift()!
  }
}
