import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assemble } from './assembler.ts'

/* Writes the library's WebAssembly as a module of TypeScript. The result is in the repository, so that a build needs no assembler. */

const folder = fileURLToPath(new URL('../../../lib/platform', import.meta.url))
writeFileSync(
  join(folder, 'simd-module.ts'),
  await assemble('simd.wat', readFileSync(join(folder, 'simd.wat'), 'utf8')),
)
