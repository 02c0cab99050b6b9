import { program } from './install.ts'
import type { Command, Settings } from './row.ts'

/** Debian's Python: only this one sees Debian's packages. */
export const PYTHON = '/usr/bin/python3'

/** A Python file of programs/. */
export function python(file: string, settings: Settings): Command {
  return { words: [PYTHON, program(file), JSON.stringify(settings)] }
}

/** Two processes of an ASGI server, one of them with TLS: where `sh` ends, both end with its process group. */
export function both(plain: readonly string[], tls: readonly string[], folder: string): Command {
  const quote = (words: readonly string[]): string => words.map(word => `'${word}'`).join(' ')
  const environment = { PYTHONPATH: program(''), PYTHONDONTWRITEBYTECODE: '1', HOME: folder }
  return { words: ['/bin/sh', '-c', `${quote(plain)} & ${quote(tls)} & wait`], environment }
}

/** Daphne with an ASGI application, with TLS and without. */
export function daphne(application: string, { port, tlsPort, key, cert, folder }: Settings): Command {
  const words = [PYTHON, '-m', 'daphne', '--verbosity', '0', '--endpoint']
  return both(
    [...words, `tcp:${port}:interface=127.0.0.1`, application],
    [...words, `ssl:${tlsPort}:interface=127.0.0.1:privateKey=${key}:certKey=${cert}`, application],
    folder,
  )
}
