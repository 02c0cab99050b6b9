'use strict'
const { sync } = require('resolve')
const { exchange, withServer } = require('./exchange.cjs')

const path = sync('whatwg-websocket', { basedir: __dirname })
withServer(url => exchange(require(path).WebSocket, url)).then(events => {
  if (events !== 'text 1000') throw new Error(events)
  console.log(`# ${path.split('whatwg-websocket/')[1]}`)
})
