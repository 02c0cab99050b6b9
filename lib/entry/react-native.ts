/** The entry of React Native: that of browsers, over a WebSocket whose third argument takes header fields. */

import { pageHost } from '../browser/page-host.ts'
import { profile } from '../browser/profile.ts'
import { provideHost } from '../host/host.ts'
import { readers } from '../opening/options/headers.ts'
import { utf8Length } from '../platform/utf8-length.ts'

provideHost(pageHost(utf8Length))
profile.name = 'React Native'
profile.readHeaders = readers.headers as typeof profile.readHeaders

export * from './browser-exports.ts'
// `export *` leaves out the default export.
export { default } from './browser-exports.ts'
