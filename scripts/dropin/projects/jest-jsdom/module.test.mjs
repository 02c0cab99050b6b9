// The same by import, in Jest's ES modules.
import { createRequire } from 'node:module'
import { failure, WebSocket } from 'whatwg-websocket'

test('import gives the class that require gives, and takes options', async () => {
  expect(WebSocket).toBe(createRequire(import.meta.url)('whatwg-websocket').WebSocket)
  const socket = new WebSocket(process.env.ECHO_URL, { headers: { a: 'b' } })
  socket.binaryType = 'arraybuffer'
  await new Promise(resolve => (socket.onopen = resolve))
  socket.send(new Uint8Array([1, 2, 3]))
  const { data } = await new Promise(resolve => (socket.onmessage = resolve))
  expect(data).toBeInstanceOf(ArrayBuffer)
  socket.close()
  await new Promise(resolve => (socket.onclose = resolve))
  expect(failure(socket)).toBe(undefined)
})
