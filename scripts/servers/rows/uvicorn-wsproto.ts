import { both, PYTHON } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'uvicorn, with wsproto',
  debian: ['python3-uvicorn', 'python3-wsproto'],
  command({ port, tlsPort, key, cert, folder }) {
    const words = [PYTHON, '-m', 'uvicorn', 'asgi_echo:app', '--ws', 'wsproto', '--log-level', 'error', '--port']
    return both(
      [...words, String(port)],
      [...words, String(tlsPort), '--ssl-keyfile', key, '--ssl-certfile', cert],
      folder,
    )
  },
  lacks: { fragments: 'it sends none', redirect: 'an ASGI application sees no HTTP request there, but may refuse' },
}
