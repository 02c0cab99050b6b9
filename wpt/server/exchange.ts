import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { ByteReader, ConnectionLost } from './byte-reader.ts'
import { Connection } from './connection.ts'
import { agreeOnDeflate, MessageDeflate } from './deflate.ts'
import { ProtocolFailure } from './frames.ts'
import { Aborted, type Handler, type Handshake, Refused } from './handler.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** Answers a WebSocket handshake in one version of HTTP. */
export interface Responder {
  accept(fields: readonly [name: string, value: string][]): void
  refuse(status: number, fields: readonly [name: string, value: string][]): void
  write(bytes: string | Buffer): void
}

/** Serves one WebSocket from its handshake to the end of its stream. Never rejects: an error of the client ends the stream. */
export async function serve(
  request: UpgradeRequest,
  stream: Duplex,
  responder: Responder,
  handler: Handler | undefined,
): Promise<void> {
  const gone = new AbortController()
  stream.on('error', () => gone.abort())
  stream.on('close', () => gone.abort())
  try {
    if (!handler) throw new Refused(404)
    await run(request, stream, responder, handler, gone.signal)
    await finish(stream)
  } catch (error) {
    if (error instanceof Refused) {
      responder.refuse(error.status, error.headers)
      await finish(stream)
    } else {
      stream.destroy()
    }
    // Many tests drop the connection, so that is no error. Anything else is a bug in a handler.
    const expected = error instanceof Refused || error instanceof Aborted || error instanceof ConnectionLost
    if (!expected) console.error(`test server, ${request.path}:`, error)
  }
}

async function run(
  request: UpgradeRequest,
  stream: Duplex,
  responder: Responder,
  handler: Handler,
  signal: AbortSignal,
): Promise<void> {
  const reader = new ByteReader(stream)
  const handshake: Handshake = {
    request,
    signal,
    protocol: undefined,
    compression: true,
    headers: [],
    write: bytes => responder.write(bytes),
    read: count => reader.read(count),
  }
  await handler.handshake?.(handshake)
  const agreement = handshake.compression ? agreeOnDeflate(request.headers.get('sec-websocket-extensions')) : undefined
  const fields = [...handshake.headers]
  if (handshake.protocol !== undefined) fields.push(['Sec-WebSocket-Protocol', handshake.protocol])
  if (agreement) fields.push(['Sec-WebSocket-Extensions', agreement.header])
  responder.accept(fields)

  const answerClose = (open: Connection) => handler.answerClose?.(open) ?? { code: 1000, reason: '' }
  const deflate = agreement && new MessageDeflate(agreement)
  const connection = new Connection(request, stream, reader, deflate, answerClose, signal)
  try {
    await handler.open?.(connection)
    if (!connection.clientClose) await connection.close(1000)
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    await connection.close(error.code)
  } finally {
    deflate?.close()
  }
}

/** Ends our side, and reads what the peer still sends: otherwise a TCP reset could overtake our last bytes. */
async function finish(stream: Duplex): Promise<void> {
  await new Promise<void>(resolve => {
    // A peer that never ends its side is disconnected.
    const deadline = setTimeout(() => stream.destroy(), 2000)
    const settle = () => {
      clearTimeout(deadline)
      resolve()
    }
    if (stream.closed) return settle()
    stream.on('close', settle)
    stream.end()
    stream.resume()
  })
}

/** RFC 6455 section 4.2.2, step 5.4. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
