import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Mojolicious',
  debian: ['libmojolicious-perl', 'libio-socket-ssl-perl'],
  command({ port, tlsPort, key, cert }) {
    const tls = `https://127.0.0.1:${tlsPort}?cert=${cert}&key=${key}`
    const listen = ['-l', `http://127.0.0.1:${port}`, '-l', tls]
    return { words: ['/usr/bin/perl', program('mojolicious.pl'), 'daemon', '-m', 'production', ...listen] }
  },
}
