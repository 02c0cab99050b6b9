import { join } from 'node:path'
import { expect } from 'chai'
import { runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** A client that is redirected once, and then opens. It prints what runs in another context than its own, then what has run. */
const PROGRAM = `
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import WebSocket from ${JSON.stringify(join(root, 'dist/bundle/entry/ws.js'))}

const storage = new AsyncLocalStorage()
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Redirects /old, refuses /no, and answers a ping with a message and a Close frame. */
const server = createServer(tcp => {
  tcp.on('error', () => {})
  tcp.once('data', head => {
    const [, path] = /^GET (\\S+)/.exec(head)
    if (path === '/old') return tcp.end('HTTP/1.1 302 Found\\r\\nLocation: /new\\r\\nContent-Length: 0\\r\\n\\r\\n')
    if (path === '/no') return tcp.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n')
    const [, key] = /sec-websocket-key: (\\S+)/i.exec(head)
    const accept = createHash('sha1').update(key + GUID).digest('base64')
    const fields = 'Upgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept
    tcp.write('HTTP/1.1 101 Switching Protocols\\r\\n' + fields + '\\r\\n\\r\\n')
    tcp.once('data', () => tcp.end(Buffer.from([0x81, 1, 0x61, 0x88, 0])))
  })
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = 'ws://127.0.0.1:' + server.address().port

const ran = new Set()
function look(what, own) {
  ran.add(what)
  if (storage.getStore() !== own) console.log(what, storage.getStore(), 'in place of', own)
}

function open(own, path) {
  const socket = new WebSocket(url + path, {
    followRedirects: true,
    createConnection: options => {
      look('createConnection', own)
      return connect(options.port, options.host)
    },
    finishRequest: request => {
      look('finishRequest', own)
      request.end()
    },
  })
  for (const type of ['redirect', 'upgrade', 'open', 'message', 'close', 'error']) socket.on(type, () => look(type, own))
  if (path === '/no') socket.on('unexpected-response', () => (look('unexpected-response', own), socket.terminate()))
  socket.on('open', () =>
    storage.run('guest', () => {
      socket.ping('', undefined, () => look('callback of ping', 'guest'))
      socket.send('text', () => look('callback of send', 'guest'))
      socket.send(Buffer.alloc(2_000_000), { fin: false }, () => look('callback of a send that is lost', 'guest'))
    }))
  socket.on('close', () => storage.run('guest', () => socket.send('', () => look('callback of a send that is late', 'guest'))))
  return new Promise(resolve => socket.on('close', resolve))
}

const sockets = ['one', 'two'].flatMap(own => ['/old', '/no'].map(path => storage.run(own, open, own, path)))
await Promise.all(sockets)
console.log([...ran].sort().join(' '))
server.close()
`

const ALL =
  'callback of a send that is late callback of a send that is lost callback of ping callback of send close createConnection error finishRequest message open redirect unexpected-response upgrade'

describe('The stand-in for ws, on each runtime', function () {
  this.timeout(INSTALL_LIMIT)

  for (const [name, program, flags] of [
    ['node', async () => process.execPath, []],
    ['bun', () => ensureRuntime('bun'), []],
    ['deno', () => ensureRuntime('deno'), ['run', '--allow-all', '--quiet']],
  ] as const) {
    it(`${name}: calls listeners in the context in which the socket was made, callbacks in that of their call`, async () => {
      const file = join(makeFolder({ 'program.mjs': PROGRAM }), 'program.mjs')
      const { output, errors } = await runProgram(await program(), [...flags, file])
      expect(errors).to.equal('')
      expect(output.trim()).to.equal(ALL)
    })
  }
})
