module.exports = require('whatwg-websocket/ws')
