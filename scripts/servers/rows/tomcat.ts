import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Tomcat, with its example',
  debian: ['tomcat10', 'tomcat10-examples', 'default-jre-headless'],
  command({ port, tlsPort, key, cert, folder }) {
    for (const name of ['conf', 'webapps', 'logs', 'work', 'temp']) mkdirSync(join(folder, name))
    symlinkSync('/usr/share/tomcat10-examples/examples', join(folder, 'webapps/examples'))
    symlinkSync('/etc/tomcat10/web.xml', join(folder, 'conf/web.xml'))
    writeFileSync(
      join(folder, 'conf/server.xml'),
      `<Server port="-1">
        <Service name="Catalina">
          <Connector port="${port}" address="127.0.0.1"/>
          <Connector port="${tlsPort}" address="127.0.0.1" SSLEnabled="true" scheme="https" secure="true">
            <SSLHostConfig><Certificate certificateFile="${cert}" certificateKeyFile="${key}"/></SSLHostConfig>
          </Connector>
          <Engine name="Catalina" defaultHost="localhost">
            <Host name="localhost" appBase="webapps"><Context path="/examples" docBase="examples"><Resources allowLinking="true"/></Context></Host>
          </Engine>
        </Service>
      </Server>`,
    )
    return {
      words: ['/usr/share/tomcat10/bin/catalina.sh', 'run'],
      environment: {
        CATALINA_HOME: '/usr/share/tomcat10',
        CATALINA_BASE: folder,
        CATALINA_TMPDIR: join(folder, 'temp'),
      },
    }
  },
  paths: { echo: '/examples/websocket/echoProgrammatic', refused: '/examples/none', redirect: '/examples' },
  lacks: {
    subprotocol: 'the example chooses none',
    fragments: 'the example sends none',
    close: 'the example closes by itself only on errors',
  },
}
