import { both, PYTHON } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Hypercorn',
  debian: ['python3-hypercorn'],
  http2: true,
  command({ port, tlsPort, key, cert, folder }) {
    const words = [PYTHON, '-m', 'hypercorn', 'asgi_echo:app', '--bind']
    return both(
      [...words, `127.0.0.1:${port}`],
      [...words, `127.0.0.1:${tlsPort}`, '--keyfile', key, '--certfile', cert],
      folder,
    )
  },
  lacks: { fragments: 'it sends none', redirect: 'an ASGI application sees no HTTP request there, but may refuse' },
}
