import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readPageOptions } from '#lib/browser/options.js'
import { install, WebSocket } from '#lib/entry/node.js'
import { host } from '#lib/host/host.js'
import { copyOptions } from '#lib/opening/options/init.js'
import { readOptions } from '#lib/opening/options.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { runNode } from '../support/child.ts'
import { withProperty } from '../support/expect.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { type ServeOptions, useLoopback } from '../support/ws-server.ts'
import type { Line, Targets } from './polluted-prototype/client.ts'

/** docs/security.md: only an object's own properties count as options. */
describe('A polluted Object.prototype', () => {
  const loopback = useLoopback()

  it('sets no option of ours, nor a member of one', async () => {
    const given = { perMessageDeflate: {}, heartbeat: { interval: 5 }, tls: {} }
    const settings = readOptions(given)
    const names = [...Object.keys(settings), ...Object.keys(settings.perMessageDeflate!), 'interval', 'timeout']
    for (const name of names) {
      // A value that some option takes: an integer, a function, an object.
      for (const value of [9, () => {}, { interval: 1 }]) {
        const polluted = await withProperty(Object.prototype, name, value, () => readOptions(given))
        expect({ ...polluted }, `with ${name} polluted`).to.deep.equal({ ...settings })
      }
    }
  })

  it('with accessors, or with values that cannot be written, sets no option of ours either', () => {
    const given = { perMessageDeflate: {}, heartbeat: { interval: 5 }, tls: {} }
    const settings = readOptions(given)
    const pageSettings = readPageOptions(copyOptions({}))
    const names = [...Object.keys(settings), ...Object.keys(settings.perMessageDeflate!), 'interval', 'timeout']
    const never = (): never => {
      throw new Error('The setter was called')
    }
    const kinds = [
      { get: () => 'evil', set() {} },
      { get: () => 'evil', set: never },
      { value: 'evil', writable: false },
    ]
    for (const name of names) {
      for (const kind of kinds) {
        Object.defineProperty(Object.prototype, name, {
          configurable: true,
          ...kind,
        })
        let polluted: object[]
        try {
          polluted = [{ ...readOptions(given) }, { ...readPageOptions(copyOptions({})) }]
        } finally {
          Reflect.deleteProperty(Object.prototype, name)
        }
        expect(polluted, `with ${name} polluted`).to.deep.equal([{ ...settings }, { ...pageSettings }])
      }
    }
  })

  it('is not taken for the defaults, which are read when the first socket is made', async () => {
    const server = await loopback.serve()
    const program = `
      import { WebSocket } from ${JSON.stringify(new URL('../../../dist/entry/node.js', import.meta.url).href)}
      Object.prototype.defaults = { headers: [['Polluted', 'yes']], perMessageDeflate: undefined, protocols: [] }
      const socket = new WebSocket(${JSON.stringify(server.url)})
      socket.onopen = socket.onerror = ({ type }) => {
        console.log(type)
        socket.close()
      }`
    const running = runNode(['--input-type=module', '-e', program])
    const { request } = await server.accept()
    expect(request.headers).to.not.have.property('polluted')
    expect(await running).to.include({ output: 'open\n', errors: '' })
  })

  it('does not end the process by a signal, where an agent opens the connection', async () => {
    const server = await loopback.serve()
    const program = `
      import { Agent } from 'node:http'
      import { WebSocket } from ${JSON.stringify(new URL('../../../dist/entry/node.js', import.meta.url).href)}
      // Node.js makes its streams when they are first used, and they would take the signal.
      const streams = [process.stdout, process.stderr]
      Object.prototype.signal = AbortSignal.abort()
      const socket = new WebSocket(${JSON.stringify(server.url)}, { agent: new Agent() })
      // Node.js 24 cannot upgrade then; the others can.
      socket.onopen = () => socket.close()
      socket.onclose = ({ type }) => console.log(type)`
    const { output, errors, exitCode } = await runNode(['--input-type=module', '-e', program])
    expect({ output, errors, exitCode }).to.deep.equal({ output: 'close\n', errors: '', exitCode: 0 })
  })

  it('adds nothing to what the entry provides', async () => {
    for (const name of ['callsEventHandlers', 'captureIoContext', 'maxTasks']) {
      const seen = await withProperty(Object.prototype, name, 1, () => Reflect.get(host, name))
      expect(seen, name).to.equal(undefined)
    }
  })

  it('does not make install() override', async () => {
    const target = { WebSocket: 'own' }
    await withProperty(Object.prototype, 'override', true, () => install(target))
    expect(target.WebSocket).to.equal('own')
    install(target, { override: true })
    expect(target.WebSocket).to.equal(WebSocket)
  })

  it('sets nothing of a connection: what goes to the host has all of its members, or none that is inherited', async function () {
    // It opens hundreds of connections, one after the other.
    this.timeout(300_000)
    const authority = await makeAuthority()
    const heads = new Map<string, string>()
    const serve = async (options: ServeOptions): Promise<string> => {
      const server = await loopback.serve({
        ...options,
        perMessageDeflate: true,
        verifyClient: ({ req }: { req: import('node:http').IncomingMessage }) => {
          const { 'sec-websocket-key': _key, ...fields } = req.headers
          const { servername, alpnProtocol } = req.socket as { servername?: unknown; alpnProtocol?: unknown }
          const from = [req.socket.remoteAddress, servername, alpnProtocol]
          heads.set(req.url!, JSON.stringify([Object.entries(fields), from]))
          return true
        },
      })
      void (async () => {
        for (;;) {
          const { socket } = await server.accept()
          socket.on('message', (data, binary) => socket.send(data, { binary }))
        }
      })()
      return server.url
    }
    const http2 = await startHttp2Server({ tls: await makeCertificate({ authority, addresses: ['127.0.0.1'] }) })
    loopback.afterwards(() => http2.close())
    void (async () => {
      for (;;) {
        const request = await http2.request()
        const { ':path': path, ...fields } = request.headers
        heads.set(path!, JSON.stringify([fields, request.session.alpnProtocol]))
        request.accept()
      }
    })()
    const targets: Targets = {
      ws: await serve({}),
      wss: await serve({ tls: await makeCertificate({ authority }) }),
      http2: http2.url,
      ca: authority.cert,
    }
    const client = fileURLToPath(new URL('./polluted-prototype/client.js', import.meta.url))
    // Among what is polluted are members that the host has deprecated.
    const commandLine = ['--no-deprecation', client, JSON.stringify(targets)]
    const { output, errors, exitCode } = await runNode(commandLine, { limit: 280_000 })
    expect(errors).to.equal('')
    expect(exitCode).to.equal(0)

    const lines = output
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Line)
    expect(lines).to.have.lengthOf.above(600)
    for (const { name, way, outcome } of lines) {
      const expected = lines.find(line => line.way === way && line.name === '')!
      expect(expected.outcome).to.equal(OUTCOMES[way])
      if (outcome === undefined) continue
      expect(outcome, `${way}, with ${name} polluted`).to.equal(expected.outcome)
      const [head, expectedHead] = [name, ''].map(first => heads.get(`/${first}/${encodeURIComponent(way)}`))
      expect(head, `the request of ${way}, with ${name} polluted`).to.equal(expectedHead)
    }
  })
})

/** How each way to connect ends without pollution. */
const OUTCOMES: Readonly<Record<string, string>> = {
  plain: 'string 200 1000 ',
  'empty options': 'string 200 1000 ',
  configured: 'string 200 1000 ',
  stream: 'stream 200 1000',
  trusted: 'string 200 1000 ',
  http2: 'string 200 1000 ',
  untrusted: ' 1006 UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'stand-in': 'false 200 1000',
  'stand-in, trusted': 'false 200 1000',
  'stand-in, untrusted': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE 1006',
}
