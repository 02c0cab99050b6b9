// An echo server in workerd.
export default {
  fetch(request) {
    const path = new URL(request.url).pathname
    if (path === '/refused') return new Response('No', { status: 403 })
    if (path === '/redirect') return new Response(null, { status: 302, headers: { Location: '/echo' } })
    if (request.headers.get('Upgrade') !== 'websocket') return new Response('', { status: 426 })
    const [client, server] = Object.values(new WebSocketPair())
    server.accept()
    server.binaryType = 'arraybuffer'
    server.addEventListener('message', ({ data }) => {
      if (data !== 'close') return server.send(data)
      for (let index = 0; index < 100; index++) server.send(`last ${index}`)
      server.close(4001, 'as you wish')
    })
    server.addEventListener('close', ({ code, reason }) => server.close(code, reason))
    const offered = request.headers.get('Sec-WebSocket-Protocol')?.split(/,\s*/) ?? []
    const headers = offered.includes('echo') ? { 'Sec-WebSocket-Protocol': 'echo' } : {}
    return new Response(null, { status: 101, webSocket: client, headers })
  },
}
