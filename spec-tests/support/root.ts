import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The folder of the package. Tests run from build/spec-tests/, so that their sources and its files are found from here. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * The URL of what the package has for Node.js in a few files, for the programs of a test that starts many: to load them takes 20 ms of
 * CPU time, and "#lib/entry/node.js" with its modules 150 ms.
 */
export const bundledEntry: string = pathToFileURL(join(root, 'dist/bundle/entry/node.js')).href
