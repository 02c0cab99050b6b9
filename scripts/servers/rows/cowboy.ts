import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { program } from '../install.ts'
import type { Row } from '../row.ts'

/** Where Debian's RabbitMQ has Cowboy and what it needs. */
const RABBITMQ = '/usr/lib/rabbitmq/lib'

export const row: Row = {
  name: 'Cowboy, of RabbitMQ',
  debian: ['rabbitmq-server', 'erlang-base', 'erlang-ssl'],
  command({ port, tlsPort, key, cert }) {
    const paths = readdirSync(RABBITMQ).flatMap(release => {
      const plugins = join(RABBITMQ, release, 'plugins')
      const names = readdirSync(plugins).filter(name => /^(cowboy|cowlib|ranch)-/.test(name))
      return names.map(name => join(plugins, name, 'ebin'))
    })
    return {
      words: ['/usr/bin/escript', program('cowboy.escript'), String(port), String(tlsPort), key, cert],
      environment: { ERL_FLAGS: paths.map(path => `-pa ${path}`).join(' ') },
    }
  },
  lacks: { fragments: 'it sends none' },
}
