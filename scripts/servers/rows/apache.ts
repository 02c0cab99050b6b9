import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Apache httpd, in front of ws',
  debian: ['apache2'],
  http2: true,
  command({ port, tlsPort, key, cert, upstream, folder }) {
    const modules = [
      'mpm_event',
      'authz_core',
      'alias',
      'rewrite',
      'http2',
      'proxy',
      'proxy_http',
      'proxy_wstunnel',
      'ssl',
      'socache_shmcb',
    ]
    const file = join(folder, 'apache.conf')
    const lines = [
      `ServerRoot ${folder}`,
      `PidFile ${folder}/pid`,
      'ServerName localhost',
      `ErrorLog ${folder}/error.log`,
      'User www-data',
      'Group www-data',
      ...modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      `Mutex file:${folder} default`,
      `Listen 127.0.0.1:${port}`,
      `Listen 127.0.0.1:${tlsPort} https`,
      'RewriteEngine on',
      'RewriteRule ^/refused - [F]',
      'Redirect 302 /redirect /echo',
      `ProxyPass /echo http://127.0.0.1:${upstream}/echo upgrade=websocket`,
      'Protocols h2 http/1.1',
      'H2WebSockets on',
      `<VirtualHost 127.0.0.1:${tlsPort}>`,
      '  SSLEngine on',
      `  SSLCertificateFile ${cert}`,
      `  SSLCertificateKeyFile ${key}`,
      '</VirtualHost>',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return { words: ['/usr/sbin/apache2', '-X', '-f', file] }
  },
}
