import { join } from 'node:path'
import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'libwebsockets',
  debian: ['libwebsockets-dev', 'gcc', 'libc6-dev'],
  command({ port, tlsPort, key, cert, folder }) {
    const file = join(folder, 'server')
    const compile = `gcc -O1 -o '${file}' '${program('libwebsockets.c')}' -lwebsockets`
    return { words: ['/bin/sh', '-c', `${compile} && exec '${file}' ${port} ${tlsPort} '${key}' '${cert}'`] }
  },
  lacks: { redirect: 'a handler of WebSockets may refuse, but its mounts redirect HTTP requests alone' },
}
