import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'nginx, in front of ws',
  debian: ['nginx-light'],
  quick: true,
  command({ port, tlsPort, key, cert, upstream, folder }) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      `daemon off;
      master_process off;
      pid ${folder}/pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n')}
        server {
          listen 127.0.0.1:${port};
          listen 127.0.0.1:${tlsPort} ssl;
          ssl_certificate ${cert};
          ssl_certificate_key ${key};
          location /refused { return 403; }
          location /redirect { return 302 /echo; }
          location / {
            proxy_pass http://127.0.0.1:${upstream};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
          }
        }
      }`,
    )
    return { words: ['/usr/sbin/nginx', '-e', 'stderr', '-c', file] }
  },
}
