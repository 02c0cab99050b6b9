import { puma } from '../puma.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'faye-websocket (Ruby), with Puma',
  debian: ['ruby-faye-websocket', 'puma'],
  command: settings => puma('faye-websocket.ru', settings),
  lacks: {
    wss: 'it does not work with the TLS of Puma',
    fragments: 'it sends none',
    compression: 'it takes a package of its own',
  },
}
