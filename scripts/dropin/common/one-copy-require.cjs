'use strict'
// Copied into each project. The CommonJS half of one-copy.js.
exports.main = require('whatwg-websocket')
exports.memory = require('whatwg-websocket/transport/memory')
exports.Ws = require('whatwg-websocket/ws')
