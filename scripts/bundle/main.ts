/**
 * Bundles what users import into `dist/bundle/`, as `implementations.ts` lists it, and makes the declarations for `require`. Node.js
 * loads a few files in a third of the time of some sixty modules (bench: import), and a CommonJS file is what both module systems,
 * Jest and old resolvers can load. Bundlers get the modules in `dist/` themselves, for tree shaking.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'
import { writeCommonJsDeclarations } from './declarations.ts'
import { implementations } from './implementations.ts'
import { writePageFiles } from './page.ts'
import { writeStandInDeclarations } from './stand-in.ts'

const dist = fileURLToPath(new URL('../../../dist', import.meta.url))

rmSync(join(dist, 'bundle'), { recursive: true, force: true })
for (const implementation of implementations) await bundle(implementation, dist)
await writePageFiles(dist)
writeCommonJsDeclarations(dist)
for (const implementation of implementations) writeStandInDeclarations(implementation, dist)
