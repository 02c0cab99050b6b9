/** Defines the globals that a browser may lack: WebSocketStream and WebSocketError. To be imported for that alone. */

import { install } from './browser.ts'

install(globalThis)
