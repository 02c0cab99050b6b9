import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const typescriptPackage = createRequire(import.meta.url).resolve('typescript/package.json')
const finder = pathToFileURL(join(dirname(typescriptPackage), 'lib/getExePath.js')).href

/** The program of the compiler. Its `tsc.js` does nothing but start this, which takes a third of the CPU time of a small program. */
export const compiler: string = ((await import(finder)) as { default: () => string }).default()

/** Options for small programs: by default, four checkers check what these have in common, which is most of them. */
export const compilerOptions: readonly string[] = ['--singleThreaded', '--pretty', 'false']

/** Variables for small programs: they end before they have filled memory, of which they take some 200 MB. */
export const compilerEnvironment: Readonly<Record<string, string>> = { GOGC: 'off' }
