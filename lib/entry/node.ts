/** The entry of Node.js, Bun and Deno: has all ways to a server. */

import { agent, dispatcher, http2, proxy, use } from './core.ts'

use(agent, dispatcher, http2, proxy)

export * from './exports.ts'
// `export *` leaves out the default export.
export { default } from './exports.ts'
