/**
 * node main.js [QUESTION] [URL]: asks a model, and prints the answer as it comes. The key is in OPENAI_API_KEY. Without a URL, a server is
 * started that speaks the same protocol.
 */
import { failure, messages, WebSocket } from 'whatwg-websocket'

const [question = 'What is a WebSocket?', address] = process.argv.slice(2)
const server = address === undefined ? await (await import('./server.js')).startServer() : undefined
const key = process.env.OPENAI_API_KEY ?? (server === undefined ? '' : 'a-local-key')

const socket = new WebSocket(address ?? server.url, {
  headers: key === '' ? {} : { Authorization: `Bearer ${key}` },
  handshakeTimeout: 10_000,
  heartbeat: { interval: 20_000, timeout: 10_000 },
})
const send = event => socket.send(JSON.stringify(event))

try {
  for await (const message of messages(socket)) {
    const event = JSON.parse(message)
    switch (event.type) {
      case 'session.created':
        send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } })
        send({
          type: 'conversation.item.create',
          item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: question }] },
        })
        send({ type: 'response.create' })
        break
      case 'response.output_text.delta':
        process.stdout.write(event.delta)
        break
      case 'response.done':
        console.log(`\n${event.response.status}`)
        socket.close(1000)
        break
      case 'error':
        throw new Error(event.error.message)
    }
  }
} catch (error) {
  // A refusal has a status, and a body that says why.
  const response = failure(socket)?.response
  console.error(
    response === undefined ? error.message : `${response.status}: ${new TextDecoder().decode(response.body)}`,
  )
  process.exitCode = 1
  socket.close()
} finally {
  server?.close()
}
