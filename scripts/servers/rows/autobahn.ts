import { python } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Autobahn (Python)',
  debian: ['python3-autobahn'],
  command: settings => python('autobahn-echo.py', settings),
  lacks: { redirect: 'it answers with 101 or an error' },
}
