import { Aborted, type Handler } from '../handler.ts'
import { closeUnread, repeatClose } from './messages.ts'

const mebibyte = 1024 * 1024

/** Turns compression off: it would shrink the payloads of these tests to almost nothing, and there would be no backpressure. */
function refuseCompression(handshake: { compression: boolean }): void {
  handshake.compression = false
}

export const closingHandlers: Readonly<Record<string, Handler>> = {
  // `?code=1000&reason=text` closes with these; without a code the close frame is empty. `?abrupt=1` drops the connection.
  '/remote-close': {
    async open(connection) {
      const query = new URLSearchParams(connection.request.query ?? '')
      if (query.has('abrupt')) {
        // The ping shows that the handshake succeeded, so the client cannot take the end for a failed one.
        await connection.ping('ping')
        throw new Aborted()
      }
      const code = query.get('code')
      if (code === null) await closeUnread(connection, undefined)
      else await closeUnread(connection, Number(code), query.get('reason') ?? '')
    },
  },

  '/delayed-passive-close': {
    async open(connection) {
      await connection.receive()
    },
    async answerClose(connection) {
      await connection.sleep(1000)
      return repeatClose(connection)
    },
  },

  '/passive-close-abort': {
    async open(connection) {
      while ((await connection.receive()) !== null);
    },
    answerClose() {
      throw new Aborted()
    },
  },

  // Reads nothing for two seconds.
  '/receive-backpressure': {
    handshake: refuseCompression,
    async open(connection) {
      await connection.sleep(2000)
      await connection.receive()
    },
  },

  // Sends more than the socket buffers hold, and then how many seconds that took.
  '/send-backpressure': {
    handshake: refuseCompression,
    async open(connection) {
      // Before the client can see that this has begun.
      const start = performance.now()
      await connection.send(Buffer.alloc(0))
      const message = Buffer.alloc(mebibyte, ' ')
      for (let count = 0; count < 16; count++) await connection.send(message)
      await connection.send(String((performance.now() - start) / 1000))
    },
  },

  // Takes ten messages a second and answers each with its length.
  '/receive-many-with-backpressure': {
    handshake: refuseCompression,
    async open(connection) {
      for (;;) {
        await connection.sleep(100)
        const message = await connection.receive()
        if (message === null) return
        await connection.send(String(message.length))
      }
    },
  },
}
