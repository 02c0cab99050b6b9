export * from 'whatwg-websocket/ws'
export { default } from 'whatwg-websocket/ws'
