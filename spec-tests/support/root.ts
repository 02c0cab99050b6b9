import { fileURLToPath } from 'node:url'

/** The folder of the package. Tests run from build/spec-tests/, so that their sources and its files are found from here. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))
