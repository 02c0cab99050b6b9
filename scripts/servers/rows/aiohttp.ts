import { python } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'aiohttp',
  debian: ['python3-aiohttp'],
  quick: true,
  command: settings => python('aiohttp-echo.py', settings),
  lacks: { fragments: 'it sends none' },
}
