import { createRequire } from 'node:module'

/** Of the package, which can name itself. */
export const { version } = createRequire(import.meta.url)('whatwg-websocket/package.json') as { version: string }
