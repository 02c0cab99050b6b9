import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../servers/row.ts'

/** Prosody with XMPP over WebSocket at /xmpp-websocket alone, and one account: ada@localhost, whose password is "secret". */
export const prosody: Row = {
  name: 'Prosody',
  debian: ['prosody', 'lua-sec'],
  command({ port, folder }) {
    const accounts = join(folder, 'data/localhost/accounts')
    mkdirSync(accounts, { recursive: true })
    mkdirSync(join(folder, 'certs'))
    writeFileSync(join(accounts, 'ada.dat'), 'return { ["password"] = "secret" }\n')
    const file = join(folder, 'prosody.cfg.lua')
    const lines = [
      'run_as_root = true',
      `data_path = "${join(folder, 'data')}"`,
      `pidfile = "${join(folder, 'pid')}"`,
      'log = { error = "*console" }',
      'authentication = "internal_plain"',
      'modules_enabled = { "saslauth", "roster", "disco", "websocket" }',
      'modules_disabled = { "s2s" }',
      'c2s_ports = {}',
      'consider_websocket_secure = true',
      `http_ports = { ${port} }`,
      'http_interfaces = { "127.0.0.1" }',
      'https_ports = {}',
      'VirtualHost "localhost"',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return { words: ['/usr/bin/prosody', '-F', '--config', file] }
  },
  lacks: { wss: 'it is not needed here' },
}
