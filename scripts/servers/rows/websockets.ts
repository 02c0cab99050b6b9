import { python } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'websockets (Python)',
  debian: ['python3-websockets'],
  quick: true,
  command: settings => python('websockets-echo.py', settings),
}
