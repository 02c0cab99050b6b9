import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { build } from 'esbuild'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { runNode } from '../support/child.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { startHttpProxy } from '../support/proxy-servers.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'

describe('The entry core', function () {
  this.timeout(60_000)
  const loopback = useLoopback()
  const folder = makeFolder()

  /** A program that opens a socket, and prints `http proxied` of its way, or why it failed. */
  const PROGRAM = `
    import { Agent } from 'node:http'
    const [, , url, text] = process.argv
    const options = JSON.parse(text)
    if (options.agent !== undefined) options.agent = new Agent()
    const socket = new WebSocket(url, options)
    socket.onopen = () => {
      const { http, proxy } = handshake(socket)
      console.log(http, proxy !== undefined)
      socket.close()
    }
    socket.onerror = () => console.log(failure(socket).code, failure(socket).message)
  `

  async function bundled(imports: string): Promise<{ file: string; inputs: string[] }> {
    const file = join(folder, `${imports.length}.mjs`)
    const { metafile, outputFiles } = await build({
      stdin: { contents: imports + PROGRAM, resolveDir: root },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      metafile: true,
    })
    writeFileSync(file, outputFiles[0]!.contents)
    const [output] = Object.values(metafile.outputs)
    const inputs = Object.entries(output!.inputs).flatMap(([name, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [name] : [],
    )
    return { file, inputs }
  }

  async function run(file: string, url: string, options: object, env: Record<string, string> = {}): Promise<string> {
    const { output } = await runNode([file, url, JSON.stringify(options)], { environment: env })
    return output.trim()
  }

  const ALONE = "import { failure, handshake, WebSocket } from 'whatwg-websocket/core'\n"
  const ALL =
    "import { agent, dispatcher, failure, handshake, http2, proxy, use, WebSocket } from 'whatwg-websocket/core'\n"

  /** Files of the ways that a program has to name. */
  const WAYS = /transport\/(agent|dispatcher|http2|http-proxy|proxy-pipe|socks)|environment-proxy|through-proxy/

  it('has the classes of the main entry', async () => {
    const main = (await import('whatwg-websocket')) as Record<string, unknown>
    const core = (await import('whatwg-websocket/core' as string)) as Record<string, unknown>
    for (const name of Object.keys(main)) expect(core[name], name).to.equal(main[name])
    const more = Object.keys(core).filter(name => !(name in main))
    expect(more.sort()).to.deep.equal(['agent', 'dispatcher', 'http2', 'proxy', 'use'])
  })

  describe('in a bundle', () => {
    let certificate: Certificate

    before(async () => {
      certificate = await makeCertificate({ authority: await makeAuthority() })
    })

    it('has no way that is not named, opens sockets, and fails where a way is asked for', async () => {
      const { file, inputs } = await bundled(ALONE)
      expect(inputs.filter(name => WAYS.test(name))).to.deep.equal([])
      const plain = await loopback.serve()
      const secure = await loopback.serve({ tls: certificate })
      expect(await run(file, plain.url, {})).to.equal('1.1 false')
      expect(await run(file, secure.url, { tls: { rejectUnauthorized: false }, http2: 'auto' })).to.equal('1.1 false')
      for (const [name, value, code] of [
        ['proxy', 'http://127.0.0.1:9', 'WS_ERR_CONNECT'],
        ['proxy', 'env', 'WS_ERR_CONNECT'],
        ['agent', true, 'WS_ERR_CONNECT'],
        ['dispatcher', 'global', 'WS_ERR_CONNECT'],
        ['http2', 'only', 'WS_ERR_HTTP2'],
      ] as const) {
        const told = await run(file, plain.url, { [name]: value })
        expect(told).to.match(new RegExp(`^${code} .*Nothing serves the option "${name}".*use\\(${name}\\)`))
      }
    })

    it('does not go around the proxies that the process was told to use', async () => {
      const { file } = await bundled(ALONE)
      const { url } = await loopback.serve()
      expect(await run(file, url, {}, { NODE_USE_ENV_PROXY: '1' })).to.match(/use\(proxy\)/)
      expect(await run(file, url, { proxy: false }, { NODE_USE_ENV_PROXY: '1' })).to.equal('1.1 false')
    })

    it('has a way that is named, and no other', async () => {
      const { file, inputs } = await bundled(`${ALL}use(proxy)\n`)
      expect(inputs.filter(name => /socks/.test(name))).to.have.length(1)
      expect(inputs.filter(name => /transport\/(agent|dispatcher|http2)/.test(name))).to.deep.equal([])
      const proxy = await startHttpProxy()
      loopback.afterwards(() => proxy.close())
      const { url } = await loopback.serve()
      expect(await run(file, url, { proxy: `http://127.0.0.1:${proxy.port}` })).to.equal('1.1 true')
    })

    it('has all ways that are named', async () => {
      const { file } = await bundled(`${ALL}use(agent, dispatcher, http2, proxy)\n`)
      const server = await startHttp2Server()
      const proxy = await startHttpProxy()
      loopback.afterwards(() => Promise.all([server.close(), proxy.close()]))
      server.acceptAll()
      const options = { http2: 'only', proxy: `http://127.0.0.1:${proxy.port}` }
      expect(await run(file, server.url, options)).to.equal('2 true')
      const { url } = await loopback.serve()
      expect(await run(file, url, { agent: true })).to.equal('1.1 false')
    })
  })
})
