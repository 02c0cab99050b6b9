import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { terminate, WebSocketError, type WebSocketOpenInfo, WebSocketStream } from '#lib/entry/node.js'
import { rejectionOf } from './expect.ts'
import { CLOSE, type RawFrame, type RawPeer } from './raw-server.ts'
import { type Loopback, type Peer, useLoopback } from './ws-server.ts'

export type StreamArguments = ConstructorParameters<typeof WebSocketStream>
export type StreamOptions = NonNullable<StreamArguments[1]>

export interface OpenStream extends WebSocketOpenInfo {
  readonly stream: WebSocketStream
}

export interface StreamLoopback extends Loopback {
  /** A new stream; it is terminated after the test. */
  stream(...args: StreamArguments): WebSocketStream
  /** A new stream that is open. */
  openStream(...args: StreamArguments): Promise<OpenStream>
  /** An open stream, and the other side of it. */
  streamPair(options?: StreamOptions): Promise<OpenStream & { peer: Peer }>
  /** An open stream, and the bytes of the other side. */
  rawStreamPair(options?: StreamOptions): Promise<OpenStream & { peer: RawPeer }>
}

/** As `useLoopback`, with streams. */
export function useStreams(): StreamLoopback {
  const loopback = useLoopback()
  const streams: StreamLoopback = {
    ...loopback,
    stream(...args) {
      const stream = new WebSocketStream(...args)
      loopback.afterwards(() => terminate(stream))
      return stream
    },
    async openStream(...args) {
      const stream = streams.stream(...args)
      return { stream, ...(await stream.opened) }
    },
    async streamPair(options) {
      const server = await loopback.serve()
      const [open, peer] = await Promise.all([streams.openStream(server.url, options), server.accept()])
      return { ...open, peer }
    },
    async rawStreamPair(options) {
      const server = await loopback.serveRaw()
      const opening = streams.openStream(server.url, options)
      opening.catch(() => {})
      const peer = await server.accept()
      await peer.accept()
      return { ...(await opening), peer }
    },
  }
  return streams
}

/** Expects a promise to reject with a WebSocketError of this code and reason; returns it. */
export async function expectWebSocketError(
  promise: Promise<unknown>,
  closeCode: number | null,
  reason = '',
): Promise<WebSocketError> {
  const error = (await rejectionOf(promise)) as WebSocketError
  expect(error).to.be.an.instanceof(WebSocketError)
  expect({ closeCode: error.closeCode, reason: error.reason }).to.deep.equal({ closeCode, reason })
  return error
}

/** Expects a promise to reject with a DOMException itself, not one below it; returns it. */
export async function expectRejection(promise: Promise<unknown>, name: string): Promise<DOMException> {
  const error = (await rejectionOf(promise)) as DOMException
  expect(error).to.be.an.instanceof(DOMException)
  expect(error.constructor).to.equal(DOMException)
  expect(error.name).to.equal(name)
  return error
}

/** How a promise stands: `pending` if it does not settle before the next turn of the event loop. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  const settled = promise.then(
    () => 'fulfilled' as const,
    () => 'rejected' as const,
  )
  return Promise.race([settled, new Promise<'pending'>(resolve => setImmediate(resolve, 'pending'))])
}

/**
 * Waits until a number stays the same for a while, and returns it: nothing else tells from outside that a sender has to
 * wait. What ends before all is through was held up; a slow machine can only make it wait longer.
 */
export async function untilStill(number: () => number): Promise<number> {
  let last = number()
  for (let rounds = 0; rounds < 12; rounds++) {
    await sleep(25)
    const now = number()
    if (now !== last) rounds = -1
    last = now
  }
  return last
}

/** Reads until the stream ends. */
export async function readAll(readable: WebSocketOpenInfo['readable']): Promise<(string | Uint8Array)[]> {
  const messages: (string | Uint8Array)[] = []
  for await (const message of readable) messages.push(message)
  return messages
}

/** The code and reason of a Close frame; 1005 if it is empty. */
export function closeOf({ opcode, payload }: RawFrame): { closeCode: number; reason: string } {
  expect(opcode, 'a Close frame').to.equal(CLOSE)
  const body = Buffer.from(payload)
  return { closeCode: body.length === 0 ? 1005 : body.readUInt16BE(), reason: body.toString('utf8', 2) }
}

export interface Flood {
  /** How many messages the system has taken from the server. */
  readonly sent: number
  /** Resolves when it has taken all. */
  readonly done: Promise<void>
}

/** Has the server send a message so many times, as fast as it can. */
export function flood(peer: RawPeer, message: Uint8Array, count: number): Flood {
  let sent = 0
  const send = async (): Promise<void> => {
    while (sent < count) {
      await peer.write(message)
      sent++
    }
  }
  const done = send()
  done.catch(() => {})
  return {
    done,
    get sent() {
      return sent
    },
  }
}
