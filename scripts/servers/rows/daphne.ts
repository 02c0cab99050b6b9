import { daphne } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Daphne',
  debian: ['python3-daphne'],
  command: settings => daphne('asgi_echo:app', settings),
  lacks: {
    fragments: 'it sends none',
    compression: 'it does not agree to it',
    close: 'it has a code, but no reason',
    redirect: 'an ASGI application sees no HTTP request there, but may refuse',
  },
}
