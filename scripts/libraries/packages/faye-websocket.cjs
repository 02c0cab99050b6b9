// What a bundler takes for faye-websocket here: its Client over the global class. The options of ours are others than those of faye-websocket.
exports.Client = class extends WebSocket {
  constructor(url, protocols, { headers, tls } = {}) {
    super(url, { protocols, headers, ...(tls && { tls }) })
  }
}
