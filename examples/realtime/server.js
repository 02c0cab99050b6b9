import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

/** Speaks as much of OpenAI's Realtime API as a text needs. It refuses who has no key. */
export async function startServer() {
  const http = createServer()
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (/^Bearer \S+$/.test(request.headers.authorization ?? '')) {
      server.handleUpgrade(request, socket, head, peer => server.emit('connection', peer))
      return
    }
    const body = JSON.stringify({ error: { type: 'invalid_request_error', message: 'There is no API key' } })
    const fields = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`
    socket.end(`HTTP/1.1 401 Unauthorized\r\n${fields}\r\n\r\n${body}`)
  })
  server.on('connection', peer => {
    const send = event => peer.send(JSON.stringify(event))
    let asked = ''
    send({ type: 'session.created', session: { type: 'realtime', model: 'a-local-model' } })
    peer.on('message', data => {
      const event = JSON.parse(data.toString())
      if (event.type === 'session.update') send({ type: 'session.updated', session: event.session })
      else if (event.type === 'conversation.item.create') asked = event.item.content[0].text
      else if (event.type === 'response.create') answer(send, asked)
      else send({ type: 'error', error: { message: `There is no event ${event.type}` } })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { url: `ws://127.0.0.1:${http.address().port}/v1/realtime`, close: () => http.close() }
}

function answer(send, asked) {
  send({ type: 'response.created' })
  for (const delta of ['You asked: ', `"${asked}"`, ' I run on your machine, ', 'and know no answers.']) {
    send({ type: 'response.output_text.delta', delta })
  }
  send({ type: 'response.output_text.done' })
  send({ type: 'response.done', response: { status: 'completed' } })
}
