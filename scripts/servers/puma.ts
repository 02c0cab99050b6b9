import { program } from './install.ts'
import type { Command, Settings } from './row.ts'

/** Puma with a Rack application of programs/, with TLS and without. */
export function puma(application: string, { port, tlsPort, key, cert }: Settings): Command {
  const binds = [`tcp://127.0.0.1:${port}`, `ssl://127.0.0.1:${tlsPort}?key=${key}&cert=${cert}`]
  const words = ['/usr/bin/puma', '--quiet', '-e', 'production', ...binds.flatMap(bind => ['-b', bind])]
  return { words: [...words, program(application)] }
}
