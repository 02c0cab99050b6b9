import type { WebSocketOptions } from '#lib/entry/node.js'
import { equal, open, type Session, type Target } from './checks.ts'

export interface MqttClient {
  readonly session: Session
  publish(size: number): void
  /** Publishes, and gives the number of bytes that come back on the subscription. */
  roundTrip(size: number): Promise<number>
}

const TOPIC = 'test'

/** A client of MQTT 3.1.1 that has subscribed to what it publishes. */
export async function mqtt(target: Target, options: WebSocketOptions = {}, origin?: string): Promise<MqttClient> {
  const session = await open(target, { ...options, protocols: ['mqtt'] }, origin)
  let pending = Buffer.alloc(0)
  // Packets and messages of the WebSocket need not be the same.
  const receive = async (): Promise<{ type: number; body: Buffer }> => {
    for (;;) {
      const packet = read(pending)
      if (packet !== undefined) {
        pending = pending.subarray(packet.end)
        return packet
      }
      pending = Buffer.concat([pending, await arrival()])
    }
  }
  const arrived: Buffer[] = []
  let wake = (): void => {}
  session.socket.addEventListener('message', ({ data }) => {
    arrived.push(Buffer.from(data as ArrayBuffer))
    wake()
  })
  const arrival = async (): Promise<Buffer> => {
    while (arrived.length === 0) await new Promise<void>(resolve => (wake = resolve))
    return arrived.shift()!
  }
  const send = (type: number, ...parts: readonly Buffer[]): void => {
    const body = Buffer.concat(parts)
    session.socket.send(Buffer.concat([Buffer.from([type]), length(body.length), body]))
  }
  send(0x10, string('MQTT'), Buffer.from([4, 2, 0, 60]), string('one'))
  equal((await receive()).type, 0x20)
  send(0x82, Buffer.from([0, 1]), string(TOPIC), Buffer.from([0]))
  equal((await receive()).type, 0x90)
  const publish = (size: number): void => send(0x30, string(TOPIC), Buffer.alloc(size, 7))
  return {
    session,
    publish,
    async roundTrip(size) {
      publish(size)
      const { body } = await receive()
      return body.length - string(TOPIC).length
    },
  }
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

/** A length as MQTT has it: seven bits in a byte, the lowest first. */
function length(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>= 7) bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
  return Buffer.from(bytes)
}

function read(bytes: Buffer): { type: number; body: Buffer; end: number } | undefined {
  let size = 0
  for (let index = 1; index < bytes.length && index < 5; index++) {
    size |= (bytes[index]! & 127) << (7 * (index - 1))
    if (bytes[index]! > 127) continue
    const end = index + 1 + size
    return bytes.length < end ? undefined : { type: bytes[0]!, body: bytes.subarray(index + 1, end), end }
  }
  return undefined
}
