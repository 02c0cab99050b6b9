/** Defines the globals for WebSockets that React Native lacks. To be imported for that alone. */

import { install } from './react-native.ts'

install(globalThis)
