/** The polyfill for workerd. To be imported for its effect alone. */

import { install } from './workerd.ts'

install(globalThis)
