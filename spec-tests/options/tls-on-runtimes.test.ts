import type { SecureServerOptions } from 'node:http2'
import { join } from 'node:path'
import { expect } from 'chai'
import { type LeafOptions, makeCertificate } from '../support/certificates.ts'
import { runProgram } from '../support/child.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'

/** What a socket over TLS asks of the runtime, in a process of each. */
const PROGRAM = `
import { AsyncLocalStorage } from 'node:async_hooks'
import { failure, WebSocket } from ${JSON.stringify(join(root, 'dist/bundle/entry/node.js'))}

const storage = new AsyncLocalStorage()

function exchange(url, options) {
  const socket = new WebSocket(url, options)
  return new Promise(resolve => {
    socket.onopen = () => socket.send('echo')
    socket.onmessage = ({ data }) => {
      console.log(data)
      socket.close()
    }
    socket.onclose = () => {
      if (failure(socket) !== undefined) console.log(String(failure(socket)))
      resolve()
    }
  })
}
`

describe('TLS, on each runtime', function () {
  this.timeout(INSTALL_LIMIT)
  const loopback = useLoopback()

  for (const [name, program, flags] of [
    ['node', async () => process.execPath, []],
    ['bun', () => ensureRuntime('bun'), []],
    ['deno', () => ensureRuntime('deno'), ['run', '--allow-all', '--quiet']],
  ] as const) {
    /** Runs the end of the program, which knows the port of a server over HTTP/2, and its certificate. */
    async function run(
      script: string,
      options: SecureServerOptions = { allowHTTP1: false },
      leaf: LeafOptions = {},
    ): Promise<string[]> {
      const certificate = await makeCertificate(leaf)
      const server = await startHttp2Server({ tls: { ...certificate, ...options } })
      loopback.afterwards(() => server.close())
      server.acceptAll()
      const values = `const port = ${server.port}\nconst tls = { ca: ${JSON.stringify(certificate.cert)} }\n`
      const file = join(makeFolder({ 'program.mjs': PROGRAM + values + script }), 'program.mjs')
      const { output, errors } = await runProgram(await program(), [...flags, file])
      expect(errors).to.equal('')
      return output.split('\n').filter(line => line !== '')
    }

    it(`${name}: a server that wants a client certificate, which TLS 1.3 tells after its handshake`, async () => {
      const wants = { allowHTTP1: true, requestCert: true, rejectUnauthorized: true }
      const script =
        "for (const http2 of [false, 'only']) await exchange('wss://127.0.0.1:' + port + '/', { http2, tls })"
      const lines = await run(script, wants)
      const advice = 'The server does not accept the client certificate, or wants one: see "tls.cert" and "tls.key"'
      expect(lines).to.deep.equal([
        `ConnectionError: The connection was lost during the handshake. ${advice}`,
        `ConnectionError: The server did not begin with a SETTINGS frame. ${advice}`,
      ])
    })

    it(`${name}: a proxy that wants a client certificate, which is that of the proxy's options`, async () => {
      const script = `
        const proxy = { url: \`https://127.0.0.1:\${port}\`, tls }
        await exchange('wss://server.test/', { proxy, tls: { ...tls, cert: 'none', key: 'none' } })
      `
      const [line, ...more] = await run(script, { allowHTTP1: true, requestCert: true, rejectUnauthorized: true })
      expect(more).to.deep.equal([])
      expect(line).to.match(
        /^ConnectionError: Could not connect to the proxy https:\/\/127\.0\.0\.1:\d+: The proxy does not accept/,
      )
      expect(line).to.match(/, or wants one: see "proxy\.tls\.cert" and "proxy\.tls\.key" \(ERR_SSL_\w+\)$/)
    })

    it(`${name}: HTTP/2 to an address, which is not sent as a name`, async () => {
      const lines = await run(`
        for (const http2 of ['only', 'auto']) await exchange(\`wss://127.0.0.1:\${port}/\`, { http2, tls })
      `)
      expect(lines).to.deep.equal(['echo', 'echo'])
    })

    it(`${name}: a server name in Unicode is asked for, and checked, as URLs have it`, async () => {
      const asked: string[] = []
      const SNICallback: SecureServerOptions['SNICallback'] = (servername, answer) => {
        asked.push(servername)
        answer(null)
      }
      const script = `
        await exchange(\`wss://127.0.0.1:\${port}/\`, { http2: 'only', tls: { ...tls, servername: 'BÜCHER.test' } })
      `
      const names = ['xn--bcher-kva.test']
      expect(await run(script, { SNICallback }, { names })).to.deep.equal(['echo'])
      expect(asked).to.deep.equal(names)
    })

    it(`${name}: checkServerIdentity is called in the async context of the socket`, async () => {
      const lines = await run(`
        const checkServerIdentity = () => console.log(storage.getStore())
        const options = { http2: 'only', tls: { ...tls, checkServerIdentity } }
        await storage.run('a', () => exchange(\`wss://localhost:\${port}/\`, options))
      `)
      expect(lines).to.deep.equal(['a', 'echo'])
    })
  }
})
