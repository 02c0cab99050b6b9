import type { WebSocketOptions } from '#lib/entry/node.js'
import { equal, open, type Session, type Target } from './checks.ts'

export interface NatsClient {
  readonly session: Session
  publish(payload: Uint8Array): void
  /** The payload of the next message of the subscription. */
  next(): Promise<Uint8Array>
}

const END = Buffer.from('\r\n')

/** A client of NATS that has subscribed to what it publishes. */
export async function nats(target: Target, options?: WebSocketOptions, origin?: string): Promise<NatsClient> {
  const session = await open(target, options, origin)
  // Operations and messages of the WebSocket need not be the same.
  let pending = Buffer.alloc(0)
  let wake = (): void => {}
  session.socket.addEventListener('message', ({ data }) => {
    pending = Buffer.concat([pending, Buffer.from(data as ArrayBuffer)])
    wake()
  })
  const more = (): Promise<void> => new Promise(resolve => (wake = resolve))
  const take = (size: number): Buffer => {
    const taken = pending.subarray(0, size)
    pending = pending.subarray(size + END.length)
    return taken
  }
  const line = async (): Promise<string[]> => {
    while (!pending.includes(END)) await more()
    return take(pending.indexOf(END)).toString().split(' ')
  }
  equal((await line())[0], 'INFO')
  session.socket.send(Buffer.from('CONNECT {"verbose":false}\r\nSUB news 1\r\nPING\r\n'))
  equal((await line())[0], 'PONG')
  return {
    session,
    publish(payload) {
      session.socket.send(Buffer.concat([Buffer.from(`PUB news ${payload.length}\r\n`), payload, END]))
    },
    async next() {
      const words = await line()
      equal(words[0], 'MSG')
      const size = Number(words.at(-1))
      while (pending.length < size + END.length) await more()
      return take(size)
    },
  }
}
