import type { Received, Sent } from './chat.js'
import { startServer } from './server.js'
import { TypedSocket } from './typed-socket.js'

const address = process.argv[2]
const server = address === undefined ? await startServer() : undefined
const socket = new TypedSocket<Sent, Received>(address ?? server!.url)
await socket.opened()
socket.send({ type: 'said', user: 'Ann', text: 'Hello' })
// @ts-expect-error The document has no such message: without this line, the compiler refuses it.
const wrong: Sent = { type: 'said', txt: 'Hello' }
void wrong
for await (const { user, text } of socket) {
  console.log(`${user}: ${text}`)
  socket.close()
}
server?.close()
