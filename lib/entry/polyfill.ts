/** Defines the globals that a browser has for WebSockets, where the runtime lacks them. To be imported for that alone. */

import { install } from './node.ts'

install(globalThis)
