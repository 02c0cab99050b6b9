import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import { expect } from 'chai'
import { build } from 'esbuild'
import { runModule } from '../support/child.ts'
import { useLoopback } from '../support/ws-server.ts'

/* The entry of hosts that bring their own transport, in a global scope that has the web platform and nothing else. */

/** What the entry uses of the web platform, as docs/hosts.md lists it. */
const needed = {
  AbortController,
  Blob,
  DOMException,
  Event,
  EventTarget,
  TextDecoder,
  TextEncoder,
  URL,
  btoa,
  clearTimeout,
  crypto,
  performance,
  setTimeout,
}

interface Program {
  exchange(port: unknown): Promise<unknown>
  openWithoutTransport(): Promise<unknown>
}

describe('The entry for hosts with a transport of their own', () => {
  const loopback = useLoopback()
  let source: string
  let imports: string[]

  before(async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [fileURLToPath(new URL('web-program.js', import.meta.url))],
      bundle: true,
      write: false,
      metafile: true,
      format: 'iife',
      globalName: 'program',
      platform: 'browser',
      logLevel: 'warning',
    })
    source = outputFiles[0]!.text
    imports = Object.values(metafile.inputs).flatMap(input => input.imports.map(({ path }) => path))
  })

  function load(globals: object): Program {
    const context = createContext({ ...globals })
    runInContext(source, context)
    return (context as { program: Program }).program
  }

  it('imports nothing but modules of its own', () => {
    expect(imports).to.not.be.empty
    expect(imports.filter(path => !path.startsWith('dist/'))).to.deep.equal([])
  })

  for (const [name, globals] of Object.entries({
    'with tasks by messages': { ...needed, MessageChannel },
    'with tasks by timers': needed,
  })) {
    it(`exchanges messages over a MessagePort, ${name}`, async () => {
      const server = await loopback.serve()
      const { port1, port2 } = new MessageChannel()
      const tcp = connect(server.port, '127.0.0.1')
      loopback.afterwards(() => tcp.destroy())
      loopback.afterwards(() => port1.close())
      tcp.on('data', bytes => port1.postMessage(new Uint8Array(bytes)))
      tcp.on('end', () => port1.postMessage(null))
      port1.on('message', (bytes: Uint8Array | null) => (bytes === null ? tcp.end() : tcp.write(bytes)))
      const result = load(globals).exchange(port2)
      const { socket } = await server.accept()
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      expect(JSON.parse(JSON.stringify(await result))).to.deep.equal({
        log: ['open', '', 'Grüße 👋', 'microtask', [1, 2, 3], 'microtask', true],
        code: 3000,
        wasClean: true,
      })
    })
  }

  it('names the option that is missing', async () => {
    const { code, message } = (await load(needed).openWithoutTransport()) as { code: number; message: string }
    expect([code, message]).to.deep.equal([
      1006,
      'Could not connect to example.test: This host has no transport: pass the option "connect"',
    ])
  })

  it('keeps no process alive that only loads it', async () => {
    const { exitCode, errors } = await runModule(`import '#lib/entry/web.js'`)
    expect({ exitCode, errors }).to.deep.equal({ exitCode: 0, errors: '' })
  })
})
