import { python } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Tornado',
  debian: ['python3-tornado'],
  quick: true,
  command: settings => python('tornado-echo.py', settings),
  lacks: { fragments: 'it sends none' },
}
