// An echo server on the WebSockets of ClusterWS. Its arguments are the path of the package and the Settings as JSON.
// Node.js 8 does not know "node:".
const [{ readFileSync }, http, https] = ['fs', 'http', 'https'].map(name => require(name))

const ClusterWS = require(process.argv[2])
const settings = JSON.parse(process.argv[3])

function serve(server, port) {
  const limit = 16 * 1024 * 1024
  const sockets = new ClusterWS.cWebSocketServer({ server, path: '/echo', maxPayload: limit, perMessageDeflate: true })
  sockets.on('connection', socket => {
    socket.on('message', message => {
      if (message !== 'close') return socket.send(message)
      for (let index = 0; index < 100; index++) socket.send(`last ${index}`)
      socket.close(4001, 'as you wish')
    })
  })
  server.listen(port, '127.0.0.1')
}

serve(http.createServer(), settings.port)
serve(https.createServer({ key: readFileSync(settings.key), cert: readFileSync(settings.cert) }), settings.tlsPort)
