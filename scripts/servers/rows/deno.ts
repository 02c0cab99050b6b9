import { fileURLToPath } from 'node:url'
import { runtime } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Deno.serve',
  runtime: 'deno',
  quick: true,
  command: settings => {
    const file = fileURLToPath(new URL('../programs/deno.js', import.meta.url))
    return { words: [runtime('deno'), 'run', '--allow-all', '--no-config', file, JSON.stringify(settings)] }
  },
  lacks: { fragments: 'it sends none', compression: 'it does not agree to it' },
}
