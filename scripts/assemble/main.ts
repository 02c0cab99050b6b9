import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assemble } from './assembler.ts'

const usage = `npm run assemble    assembles lib/platform/simd.wat to lib/platform/simd-module.ts

The result is in the repository, so that a build needs no assembler.

  -h, --help   print this`

const folder = fileURLToPath(new URL('../../../lib/platform', import.meta.url))
const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
if (values.help) console.log(usage)
else {
  const source = readFileSync(join(folder, 'simd.wat'), 'utf8')
  writeFileSync(join(folder, 'simd-module.ts'), await assemble('simd.wat', source))
}
