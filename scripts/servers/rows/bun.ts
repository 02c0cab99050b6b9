import { fileURLToPath } from 'node:url'
import { runtime } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Bun.serve (µWebSockets)',
  runtime: 'bun',
  quick: true,
  command: settings => ({
    words: [runtime('bun'), fileURLToPath(new URL('../programs/bun.js', import.meta.url)), JSON.stringify(settings)],
  }),
  lacks: { fragments: 'it sends none' },
}
