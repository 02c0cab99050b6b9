import { WebSocket } from 'whatwg-websocket'

const { exchange, withServer } = require('./exchange.cjs')

withServer((url: string) => exchange(WebSocket, url)).then((events: string) => {
  if (events !== 'text 1000') throw new Error(events)
  return import('whatwg-websocket').then(imported => {
    if (imported.WebSocket !== WebSocket) throw new Error('import gives another class than require')
    console.log(`# ${require.resolve('whatwg-websocket').split('whatwg-websocket/')[1]}, Node.js ${process.version}`)
  })
})
