import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../servers/row.ts'

/** RabbitMQ with STOMP over WebSocket at /ws, and with nothing else of it that listens. */
export const rabbitmq: Row = {
  name: 'RabbitMQ',
  debian: ['rabbitmq-server', 'erlang-base'],
  command({ port, tlsPort, innerPort, folder }) {
    const file = (name: string, lines: readonly string[]): string => {
      const path = join(folder, name)
      writeFileSync(path, `${lines.join('\n')}\n`)
      return path
    }
    const configuration = file('rabbitmq.conf', [
      'listeners.tcp = none',
      'stomp.listeners.tcp = none',
      'web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${port}`,
      'log.console.level = error',
    ])
    // A node of Erlang registers with a process of this name, which would go on as a daemon if the node started it. It listens
    // on 127.0.0.1 and ::1 as well, and fails if one of these is named.
    const epmd = `epmd -port ${tlsPort} -address 127.0.0.2`
    return {
      words: ['/bin/sh', '-c', `${epmd} & exec /usr/lib/rabbitmq/bin/rabbitmq-server`],
      environment: {
        HOME: folder,
        ERL_EPMD_PORT: String(tlsPort),
        RABBITMQ_NODENAME: 'libraries@localhost',
        RABBITMQ_DIST_PORT: String(innerPort),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_CONFIG_FILE: configuration,
        RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
        RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins', ['[rabbitmq_web_stomp].']),
        RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
        RABBITMQ_LOG_BASE: folder,
        RABBITMQ_LOGS: '-',
        RABBITMQ_PID_FILE: join(folder, 'pid'),
      },
    }
  },
  lacks: { wss: 'it is not needed here' },
}
