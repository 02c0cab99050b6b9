// What a bundler takes for isomorphic-ws here.
module.exports = WebSocket
