import 'ses'
import 'whatwg-websocket'

lockdown()
await import('./client.mjs')
