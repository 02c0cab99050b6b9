import type { CloseBody, Connection } from '../connection.ts'
import { Aborted, type Handler } from '../handler.ts'

/** The last message of the client, in handlers that wait for one. */
const farewell = 'Goodbye'

/** Answers with code and reason of the client's close frame. */
export function repeatClose(connection: Connection): CloseBody {
  return connection.clientClose!
}

async function receiveUntilFarewell(connection: Connection): Promise<void> {
  for (;;) {
    const message = await connection.receive()
    if (message === null) return
    if (message === farewell) return closeUnread(connection, 1000)
  }
}

/**
 * Sends a close frame, and then reads. If the client is sending a message, the server waits a second before it reads the rest, so
 * that the close frame arrives before the message is through.
 */
export async function closeUnread(connection: Connection, code: number | undefined, reason = ''): Promise<void> {
  await connection.beginClose(code, reason)
  if (!(await connection.isCloseNext())) await connection.sleep(1000)
  if ((await connection.receive()) !== null) throw new Aborted()
}

/** Accepts, sends a text that is made from the request, and closes. */
function tell(text: (connection: Connection) => string): Handler {
  return { open: connection => connection.send(text(connection)) }
}

export const messageHandlers: Readonly<Record<string, Handler>> = {
  '/echo': {
    handshake(handshake) {
      if (handshake.request.protocols.includes('echo')) handshake.protocol = 'echo'
    },
    async open(connection) {
      for (;;) {
        const message = await connection.receive()
        if (message === null) return
        await connection.send(message)
        if (message === farewell) return
      }
    },
    answerClose: repeatClose,
  },

  '/echo_exit': { open: receiveUntilFarewell },

  '/echo_close_data': { open: receiveUntilFarewell },

  // The client sends the bytes that the server is to write, such as malformed frames.
  '/echo_raw': {
    async open(connection) {
      for (;;) {
        const message = await connection.receive()
        if (message === null || message.toString() === 'exit') return
        await connection.sendRaw(Buffer.from(message))
      }
    },
  },

  '/empty-message': {
    async open(connection) {
      const message = await connection.receive()
      if (message !== null) await connection.send(message === '' ? 'pass' : 'fail')
    },
  },

  '/echo-query': tell(connection => connection.request.query ?? ''),

  // Unlike echo-query it stops at a second question mark.
  '/echo-query_v13': tell(connection => (connection.request.query ?? '').split('?')[0]!),

  '/echo-cookie': tell(connection => connection.request.headers.get('cookie') ?? '(none)'),

  '/origin': tell(connection => connection.request.headers.get('origin') ?? ''),

  '/referrer': tell(connection => connection.request.headers.get('referer') ?? 'MISSING AS PER FETCH'),

  '/protocol': {
    handshake(handshake) {
      handshake.protocol = handshake.request.headers.get('sec-websocket-protocol')
    },
    open: connection => connection.send(connection.request.headers.get('sec-websocket-protocol') ?? ''),
  },

  '/protocol_array': {
    handshake(handshake) {
      handshake.protocol = handshake.request.protocols[0]
    },
    open: connection => connection.send(connection.request.protocols[0] ?? ''),
  },
}
