import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'em-websocket (Ruby)',
  debian: ['ruby-em-websocket'],
  command: settings => ({ words: ['/usr/bin/ruby', program('em-websocket.rb'), JSON.stringify(settings)] }),
  lacks: {
    subprotocol: 'it chooses none',
    fragments: 'it sends none',
    compression: 'it has no extensions',
    refusal: 'it accepts every path',
    redirect: 'it accepts every path',
  },
}
