import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'faye-websocket (Ruby), with Puma',
  debian: ['ruby-faye-websocket', 'puma'],
  command({ port }) {
    const binds = ['-b', `tcp://127.0.0.1:${port}`]
    return { words: ['/usr/bin/puma', '--quiet', '-e', 'production', ...binds, program('faye-websocket.ru')] }
  },
  lacks: {
    wss: 'it does not work with the TLS of Puma',
    fragments: 'it sends none',
    compression: 'it takes a package of its own',
  },
}
