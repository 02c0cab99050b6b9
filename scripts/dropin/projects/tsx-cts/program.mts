import { WebSocket } from 'whatwg-websocket'
import { exchange, withServer } from './exchange.cjs'

const events = await withServer((url: string) => exchange(WebSocket, url))
if (events !== 'text 1000') throw new Error(events)
