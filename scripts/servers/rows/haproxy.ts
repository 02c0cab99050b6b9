import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'HAProxy, in front of ws',
  debian: ['haproxy'],
  quick: true,
  http2: true,
  command({ port, tlsPort, key, cert, upstream, folder }) {
    writeFileSync(join(folder, 'both.pem'), readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
    const file = join(folder, 'haproxy.cfg')
    const lines = [
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 60s',
      '  timeout server 60s',
      'frontend all',
      `  bind 127.0.0.1:${port}`,
      `  bind 127.0.0.1:${tlsPort} ssl crt ${folder}/both.pem alpn h2,http/1.1`,
      '  http-request deny deny_status 403 if { path /refused }',
      '  http-request redirect location /echo code 302 if { path /redirect }',
      '  default_backend ws',
      'backend ws',
      `  server one 127.0.0.1:${upstream}`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return { words: ['/usr/sbin/haproxy', '-db', '-f', file] }
  },
}
