import { checkTls } from '../checks.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'websocketd',
  debian: ['websocketd'],
  quick: true,
  command({ port, tlsPort, key, cert }) {
    const words = ['/usr/bin/websocketd', '--loglevel=fatal', '--address=127.0.0.1']
    const tls = ['--ssl', `--sslcert=${cert}`, `--sslkey=${key}`]
    const line = (port: number, more: readonly string[]): string =>
      [...words, `--port=${port}`, ...more, 'cat'].join(' ')
    return { words: ['/bin/sh', '-c', `${line(port, [])} & ${line(tlsPort, tls)} & wait`] }
  },
  checks: { wss: target => checkTls(target, 'text') },
  lacks: {
    binary: 'its messages are lines of text',
    subprotocol: 'it chooses none',
    large: 'its messages are lines of text, up to 64 KiB',
    fragments: 'it sends none',
    compression: 'it has no extensions',
    close: 'the program has no say in code and reason',
    refusal: 'it accepts every path',
    redirect: 'it accepts every path',
  },
}
