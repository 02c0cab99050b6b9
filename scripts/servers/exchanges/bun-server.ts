import type { ServerSettings } from './servers.ts'

/* An echo server on Bun.serve, run by Bun. Its argument is `ServerSettings` as JSON. Prints its port and version as JSON. */

interface BunSocket {
  send(message: string | Uint8Array, compress: boolean): number
}

declare const Bun: {
  readonly version: string
  readonly argv: readonly string[]
  serve(options: object): { readonly port: number }
}

const { deflate } = JSON.parse(Bun.argv[2]!) as ServerSettings

// Bun has one setting per direction: "shared" compresses without context takeover.
const own = deflate?.serverNoContextTakeover === true ? 'shared' : 'dedicated'
const theirs = deflate?.clientNoContextTakeover === true ? 'shared' : 'dedicated'
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request: unknown, server: { upgrade(request: unknown): boolean }) {
    return server.upgrade(request) ? undefined : new Response('This is a WebSocket server', { status: 426 })
  },
  websocket: {
    perMessageDeflate: deflate === null ? false : { compress: own, decompress: theirs },
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 256 * 1024 * 1024,
    message(socket: BunSocket, message: string | Uint8Array) {
      socket.send(message, deflate !== null)
    },
  },
})
console.log(JSON.stringify({ port: server.port, version: Bun.version }))
