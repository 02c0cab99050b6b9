import 'whatwg-websocket/polyfill'
