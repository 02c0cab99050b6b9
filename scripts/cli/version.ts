import { createRequire } from 'node:module'

/** Of the package. The command lies two folders below it, bundled as well as not. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
