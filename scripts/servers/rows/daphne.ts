import { both, PYTHON } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Daphne (the server of Django Channels)',
  debian: ['python3-daphne'],
  command({ port, tlsPort, key, cert, folder }) {
    const words = [PYTHON, '-m', 'daphne', '--verbosity', '0', '--endpoint']
    return both(
      [...words, `tcp:${port}:interface=127.0.0.1`, 'asgi_echo:app'],
      [...words, `ssl:${tlsPort}:interface=127.0.0.1:privateKey=${key}:certKey=${cert}`, 'asgi_echo:app'],
      folder,
    )
  },
  lacks: {
    fragments: 'it sends none',
    compression: 'it does not agree to it',
    close: 'it has a code, but no reason',
    redirect: 'an ASGI application sees no HTTP request there, but may refuse',
  },
}
