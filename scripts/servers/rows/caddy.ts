import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Caddy, in front of ws',
  debian: ['caddy'],
  command({ port, tlsPort, key, cert, upstream, folder }) {
    const file = join(folder, 'Caddyfile')
    const site = `
      bind 127.0.0.1
      respond /refused 403
      redir /redirect /echo 302
      reverse_proxy /echo 127.0.0.1:${upstream}`
    const lines = [
      '{\n  admin off\n  auto_https off\n}',
      `http://:${port} {${site}\n}`,
      `https://:${tlsPort} {\n  tls ${cert} ${key}${site}\n}`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return {
      words: ['/usr/bin/caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
      environment: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
    }
  },
}
