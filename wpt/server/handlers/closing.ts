import { Aborted, type Handler } from '../handler.ts'
import { closeUnread, repeatClose } from './messages.ts'

const mebibyte = 1024 * 1024

/** Compression would shrink the payloads of these tests to next to nothing, and with them the back-pressure. */
function refuseCompression(handshake: { compression: boolean }): void {
  handshake.compression = false
}

export const closingHandlers: Readonly<Record<string, Handler>> = {
  // `?code=1000&reason=text` closes with that, no code with an empty frame; `?abrupt=1` drops the connection.
  '/remote-close': {
    async open(connection) {
      const query = new URLSearchParams(connection.request.query ?? '')
      if (query.has('abrupt')) {
        // After a ping nobody can take the end for a failed handshake.
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

  // Sends more than the buffers of the system hold, and then how many seconds that took.
  '/send-backpressure': {
    handshake: refuseCompression,
    async open(connection) {
      await connection.send(Buffer.alloc(0))
      const start = performance.now()
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
