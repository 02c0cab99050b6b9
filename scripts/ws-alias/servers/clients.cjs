/** Clients that a bundler has put over the stand-in, by an alias of ws. */

const { Dealer } = require('jszmq')
const socketCluster = require('socketcluster-client')

const ports = JSON.parse(process.env.PORTS)

async function talkZmq() {
  const dealer = new Dealer()
  dealer.connect(`ws://127.0.0.1:${ports.zmq}/zmq`)
  dealer.send('there')
  const message = await new Promise(resolve => dealer.once('message', resolve))
  dealer.close()
  return String(message)
}

async function talkSocketCluster() {
  const socket = socketCluster.create({ hostname: '127.0.0.1', port: ports.socketcluster })
  const doubled = await socket.invoke('double', 21)
  socket.disconnect()
  return doubled
}

;(async () => {
  console.log(`jszmq ${await talkZmq()}`)
  console.log(`socketcluster-client ${await talkSocketCluster()}`)
  process.exit()
})()
