import { failure, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { type Random, randomMessage, words } from './random.ts'
import { startRelay } from './relay.ts'

export interface Exchanged {
  /** The value of `WebSocket.extensions`. */
  readonly extensions: string
  readonly messages: number
  /** Bytes of payload in each direction. */
  readonly payload: number
  /** Bytes of the payload that are random and cannot be compressed. */
  readonly noise: number
  /** Bytes on the wire. */
  readonly toServer: number
  readonly toClient: number
}

/** Number of messages in flight. */
const IN_FLIGHT = 8
/** Milliseconds after which an exchange has failed. */
const LIMIT = 60_000

/** Sends random messages to an echo server, checks that each comes back unchanged and in order, and closes. */
export async function exchange(
  port: number,
  options: WebSocketOptions,
  random: Random,
  messages: number,
): Promise<Exchanged> {
  const relay = await startRelay(port)
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/`, options)
  socket.binaryType = 'arraybuffer'
  let payload = 0
  let noise = 0
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`there is no end after ${LIMIT / 1000} s`)), LIMIT)
      const expected: (string | Uint8Array)[] = []
      let sent = 0
      const send = (): void => {
        if (sent++ === messages) socket.close(1000, 'done')
        if (sent > messages) return
        // The first message is always compressible, so that compression that does not work is noticed.
        const { content, isNoise } =
          sent === 1 ? { content: words(random, 50_000), isNoise: false } : randomMessage(random)
        const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length
        payload += length
        if (isNoise) noise += length
        expected.push(content)
        socket.send(content)
      }
      socket.onopen = () => {
        for (let count = 0; count < Math.min(IN_FLIGHT, messages); count++) send()
      }
      socket.onmessage = ({ data }) => {
        const message = expected.shift()
        if (message === undefined) return reject(new Error('there is one message too many'))
        if (!isSame(message, data as string | ArrayBuffer)) return reject(new Error('a message comes back changed'))
        // Once all are sent, the close follows the last echo.
        if (sent < messages || expected.length === 0) send()
      }
      socket.onclose = ({ code, reason, wasClean }) => {
        clearTimeout(timer)
        if (wasClean && code === 1000 && reason === 'done' && expected.length === 0) return resolve()
        const how = `closed with ${code} "${reason}", ${expected.length} messages missing`
        reject(new Error(failure(socket)?.message ?? how))
      }
    })
    const { toServer, toClient } = relay
    return { extensions: socket.extensions, messages, payload, noise, toServer, toClient }
  } finally {
    await relay.close()
  }
}

function isSame(sent: string | Uint8Array, back: string | ArrayBuffer): boolean {
  if (typeof sent === 'string' || typeof back === 'string') return sent === back
  return Buffer.compare(sent, new Uint8Array(back)) === 0
}
