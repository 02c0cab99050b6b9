import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assemble } from './assembler.ts'

/*
 * Assembles lib/platform/simd.wat to lib/platform/simd-module.ts. The result is in the repository, so that a build needs no
 * assembler.
 */

const folder = fileURLToPath(new URL('../../../lib/platform', import.meta.url))
writeFileSync(
  join(folder, 'simd-module.ts'),
  await assemble('simd.wat', readFileSync(join(folder, 'simd.wat'), 'utf8')),
)
