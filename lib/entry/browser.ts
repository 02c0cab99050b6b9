/** The entry of browsers: the host's own classes, and the missing part of the API over them. Loads nothing of the engine. */

import { pageHost } from '../browser/page-host.ts'
import { provideHost } from '../host/host.ts'
import { utf8Length } from '../platform/utf8-length.ts'

provideHost(pageHost(utf8Length))

export * from './browser-exports.ts'
// `export *` leaves out the default export.
export { default } from './browser-exports.ts'
