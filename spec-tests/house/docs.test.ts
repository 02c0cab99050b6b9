import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import process from 'node:process'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { compiler, compilerEnvironment, compilerOptions } from '../../scripts/check/compiler.ts'
import { authority, certificate, privateKey } from '../../wpt/server/certificate.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { type Ended, runNode } from '../support/child.ts'
import { declaredNames, exportedValues } from '../support/declared-names.ts'
import { type Block, type Document, firstColumn, parseDocument, readDocuments } from '../support/documents.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { startSocksProxy } from '../support/proxy-servers.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const documents = readDocuments(root)

function document(path: string): Document {
  const found = documents.find(one => one.path === path)
  if (found === undefined) throw new Error(`There is no ${path}`)
  return found
}

describe('The examples of the documents', function () {
  // They start processes, on machines that have other things to do.
  this.timeout(60_000)

  // Within the package, so that its own name leads to it.
  const folder = join(root, 'build/documents')
  let world: World

  before(async function () {
    this.timeout(600_000)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    installPackages()
    symlinkSync(join(packages, 'node_modules'), join(folder, 'node_modules'), 'junction')
    world = await startWorld()
  })
  after(() => world.close())

  for (const { path, blocks } of documents) {
    for (const block of blocks) {
      if (block.language !== 'js' && block.language !== 'ts') continue
      it(`${path}, line ${block.line}`, async () => {
        const name = `${path.replace(/\W/g, '-')}-${block.line}`
        const { output, errors, exitCode } = await runExample(folder, name, block, world)
        expect(errors).to.equal('')
        expect(exitCode).to.equal(0)
        // Without anything printed, an example whose socket never opened would look like one that works.
        expect(output).to.equal(block.output)
      })
    }
  }

  it('are run: one that fails, or prints something else, is seen', async () => {
    const run = async (language: string, code: string) =>
      await runExample(folder, 'broken', { language, text: code, line: 1, output: undefined }, world)
    expect((await run('js', "import 'whatwg-websocket/nonesuch'\n")).exitCode).to.equal(1)
    expect((await run('js', "throw new Error('no')\n")).exitCode).to.equal(1)
    expect((await run('ts', "export const a: number = 'a'\n")).errors).to.include('TS2322')
    expect((await run('js', 'console.log(1)\n')).output).to.equal('1\n')
  })
})

describe('The documents', () => {
  it('name every option, and no other', () => {
    const options = declaredNames(join(root, 'lib/opening/options.ts'), 'WebSocketOptions')
    expect(firstColumn(document('docs/options.md'), '## All of them')).to.have.members(options)
    const own = declaredNames(join(root, 'lib/api/websocket-stream.ts'), 'WebSocketStreamOptions')
    const configured = declaredNames(join(root, 'lib/api/configured.ts'), 'ConfiguredDefaults')
    const headings = [...document('docs/options.md').prose.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name)
    expect(headings).to.have.members([...new Set([...options, ...own, ...configured])])
  })

  it('name every member of the options, and no other', () => {
    const members = (heading: string) => firstColumn(document('docs/options.md'), heading)
    expect(members('### `tls`')).to.have.members(
      declaredNames(join(root, 'lib/transport/tls-options.ts'), 'TlsOptions'),
    )
    const deflate = declaredNames(join(root, 'lib/opening/options/deflate.ts'), 'PerMessageDeflateOptions')
    expect(members('### `perMessageDeflate`')).to.have.members(deflate)
  })

  it('name files of the library that exist, and all its rooms', () => {
    const named = [...document('docs/architecture.md').prose.matchAll(/`([a-z]+\/[\w/.-]+\.ts)`/g)].map(
      ([, path]) => path!,
    )
    expect(named).to.have.length.above(50)
    const picture = readFileSync(join(root, 'docs/charts/way-of-a-message.svg'), 'utf8')
    const drawn = [...picture.matchAll(/>([a-z]+\/[\w/.-]+\.ts)</g)].map(([, path]) => path!)
    expect(drawn).to.have.length.above(10)
    // The tables tell of each what the picture has no room for.
    expect(named).to.include.members(drawn)
    expect(named.filter(path => !existsSync(join(root, 'lib', path)))).to.deep.equal([])
    expect(firstColumn(document('CONTRIBUTING.md'), '## Rooms')).to.have.members(readdirSync(join(root, 'lib')))
  })

  it('name every function, and no other', () => {
    const values = exportedValues(join(root, 'lib/entry/exports.ts'))
    const functions = values.filter(name => /^[a-z]/.test(name) && name !== 'default')
    const rows = firstColumn(document('docs/functions.md'), '# Functions beside the class')
    expect(rows.flatMap(row => /^(\w+)\(/.exec(row)?.[1] ?? [])).to.have.members(functions)
  })

  it('name every option and function in README, and no other', () => {
    const options = declaredNames(join(root, 'lib/opening/options.ts'), 'WebSocketOptions')
    const functions = exportedValues(join(root, 'lib/entry/exports.ts')).filter(name => /^[a-z]/.test(name))
    const rows = firstColumn(document('README.md'), '## Options').map(row => row.replace(/\(.*/, ''))
    expect(rows).to.have.members([...options, ...functions.filter(name => name !== 'default')])
  })

  it("have the same figures of the browsers' tests in README as where they were measured", () => {
    const results = document('docs/compatibility.md').prose.matchAll(/^\| ([^|]+?) [\d.]+ \|.* (\d+)\/(\d+) \|$/gm)
    const passed = new Map([...results].map(([, who, count, all]) => [who!, [Number(count), Number(all)]]))
    const row = document('README.md')
      .prose.split('\n')
      .find(line => line.includes('passed, of'))!
    const numbers = [...row.matchAll(/\d[\d,]*(?!\.)\b/g)].map(([text]) => Number(text.replaceAll(',', '')))
    const [ours, node, deno, bun] = ['ours / node', 'built in / node', 'built in / deno', 'built in / bun'].map(
      who => passed.get(who)!,
    )
    expect(ours![0]).to.equal(ours![1])
    expect(numbers).to.deep.equal([ours![1], 24, node![0], deno![0], bun![0]])
  })

  it('name every failure code, each once, and no other', () => {
    const codes = [
      ...declaredNames(join(root, 'lib/protocol/errors.ts'), 'FailureCode'),
      ...declaredNames(join(root, 'lib/codec/violations.ts'), 'ViolationCode'),
    ]
    const rows = firstColumn(document('docs/errors.md'), '# Errors').filter(name => name.startsWith('WS_ERR_'))
    // One of them happens both before the connection is open and after.
    expect(rows.filter((code, index) => rows.indexOf(code) !== index)).to.deep.equal(['WS_ERR_CONNECTION_LOST'])
    expect([...new Set(rows)]).to.have.members(codes)
    for (const { path, prose, blocks } of documents) {
      const text = [prose, ...blocks.map(block => block.text)].join('\n')
      // What a page cannot have throws, so its code is none of a failure.
      const known = [...codes, 'WS_ERR_UNSUPPORTED']
      for (const [code] of text.matchAll(/WS_ERR_[A-Z0-9_]+\b/g)) expect(known, path).to.include(code)
    }
  })

  it('describe the calls of a pipe and of its sink', () => {
    const rows = firstColumn(document('docs/transports.md'), '### The rules').map(row => row.replace(/\(.*/, ''))
    const pipe = declaredNames(join(root, 'lib/transport/pipe.ts'), 'Pipe')
    const sink = declaredNames(join(root, 'lib/transport/pipe.ts'), 'PipeSink').map(name => `sink.${name}`)
    expect(rows).to.have.members([...pipe, ...sink])
  })

  it('lead to files and headings that are there', () => {
    for (const { path, links } of documents) {
      for (const link of links.filter(one => !/^\w+:/.test(one))) {
        const [file, anchor] = link.split('#') as [string, string?]
        const target = file === '' ? path : join(dirname(path), file).replaceAll('\\', '/')
        expect(existsSync(join(root, target)), `${path} links to ${link}`).to.equal(true)
        if (anchor === undefined || !target.endsWith('.md')) continue
        expect([...document(target).anchors], `${path} links to ${link}`).to.include(anchor)
      }
    }
  })

  it('name commands that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
    for (const { path, prose } of documents) {
      for (const [, name] of prose.matchAll(/npm run ([a-z-]+)/g)) expect(scripts, path).to.have.property(name!)
      for (const [, file] of prose.matchAll(/node build\/(\S+)\.js/g)) {
        expect(existsSync(join(root, `${file}.ts`)), `${path} runs build/${file}.js`).to.equal(true)
      }
    }
  })

  it('name tests of the threat model that are there', () => {
    const { prose } = document('docs/security.md')
    const named = [...prose.matchAll(/`([\w/.-]+\.ts)`: "([^"]+)"/g)]
    expect(named.length).to.be.above(30)
    for (const [, file, title] of named) {
      expect(readFileSync(join(root, 'spec-tests', file!), 'utf8'), file).to.include(title)
    }
    for (const who of ['server', 'proxy', 'DNS answer', 'page', 'dependency', 'tenant']) {
      expect(prose, who).to.match(new RegExp(`^### .*${who}`, 'm'))
    }
  })

  it('are read right', () => {
    const parsed = parseDocument(
      'a.md',
      '# One `two`: three\n\n```js\na()\n```\n\n```text\nb\n```\n\n[x](y.md#z) `[n](o)`\n',
    )
    expect(parsed.blocks[0]).to.deep.equal({ language: 'js', text: 'a()\n', line: 4, output: 'b\n' })
    expect([...parsed.anchors]).to.deep.equal(['one-two-three'])
    expect(parsed.links).to.deep.equal(['y.md#z'])
    const table = parseDocument('a.md', '## A\n| `b`, `c` | `d` |\n### E\n| `f(g)` |\n## H\n| `i` |\n')
    expect(firstColumn(table, '## A')).to.deep.equal(['b', 'c', 'f(g)'])
  })
})

/** The package that has what the examples import. It is in the source folder, since nothing of it is compiled to build/. */
const packages = join(root, 'spec-tests/house/document-packages')

/** Installs what the lockfile has, if that is not there. */
function installPackages(): void {
  const modified = (path: string): number => statSync(join(packages, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
  // npm writes this file when all is there.
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return
  const words = ['ci', '--no-audit', '--no-fund', '--ignore-scripts']
  const { status } = spawnSync('npm', words, { cwd: packages, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) throw new Error('The packages that the examples of the documents import cannot be installed')
}

/** What the examples talk to, and where they find it. */
interface World {
  /** The text with the addresses and files of the examples replaced by those that are there. */
  localize(text: string): string
  readonly folder: string
  close(): void
}

async function startWorld(): Promise<World> {
  const clients = await makeAuthority()
  const client = await makeCertificate({ authority: clients, names: ['ann.example'] })
  const folder = makeFolder({ 'ca.pem': authority, 'client.pem': client.cert, 'client.key': client.key })
  const echo = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  echo.on('connection', (peer, request) => {
    if (request.url === '/cookies') peer.send(request.headers.cookie ?? '')
    if (request.url === '/whoami') peer.send(describeClient(request.socket as TLSSocket))
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }))
  })
  const startEcho = async (server: Server, place: string | number): Promise<Server> => {
    server.on('upgrade', (request, socket, head) => {
      // A client that resets its end is judged by what it prints.
      socket.on('error', () => {})
      if (request.url === '/moved') socket.end('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n')
      else if (request.url === '/refuse') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nno entry')
      else echo.handleUpgrade(request, socket, head, peer => echo.emit('connection', peer, request))
    })
    return await listen(server, place)
  }
  // Asks for a certificate, and lets in who has none as well.
  const mutual = { ca: clients.cert, requestCert: true, rejectUnauthorized: false }
  const servers = [
    await startEcho(createServer(), 0),
    await startEcho(createSecureServer({ ...mutual, cert: certificate, key: privateKey }), 0),
    await startEcho(createServer(), join(folder, 'server.sock')),
    await listen(createProxy(), 0),
  ]
  const http2 = await startHttp2Server({ tls: { cert: certificate, key: privateKey } })
  http2.acceptAll()
  const accepted = new Set<Socket>()
  for (const server of servers) server.on('connection', (socket: Socket) => accepted.add(socket))
  const [port, securePort, , proxyPort] = servers.map(server => (server.address() as AddressInfo).port)
  const socks = await startSocksProxy()
  return {
    folder,
    localize: text =>
      text
        .replaceAll('wss://h2.example/', http2.url)
        .replaceAll('ws://localhost:8080/', `ws://127.0.0.1:${port}/`)
        .replace(/\b(ws|http)s:\/\/echo\.example/g, `$1s://127.0.0.1:${securePort}`)
        .replace(/\b(ws|http):\/\/echo\.example/g, `$1://127.0.0.1:${port}`)
        .replaceAll('proxy.example:3128', `127.0.0.1:${proxyPort}`)
        .replaceAll('proxy.example:1080', `127.0.0.1:${socks.port}`)
        .replaceAll('/run/server.sock', join(folder, 'server.sock')),
    close() {
      for (const peer of echo.clients) peer.terminate()
      for (const server of servers) server.close()
      for (const socket of accepted) socket.destroy()
      void http2.close()
      void socks.close()
    },
  }
}

/** Whose certificate the client has shown. */
function describeClient(socket: TLSSocket): string {
  const { subject } = socket.getPeerCertificate()
  return socket.authorized ? `Your certificate is that of ${subject.CN}` : 'You have no certificate that I trust'
}

/** An HTTP proxy that opens tunnels. */
function createProxy(): Server {
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    const [host, port] = request.url!.split(':') as [string, string]
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [onward, socket]) end.on('error', () => {})
    // A client that resets its end leaves the other one.
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  })
  return proxy
}

function listen(server: Server, place: string | number): Promise<Server> {
  return new Promise(resolve => {
    if (typeof place === 'string') server.listen(place, () => resolve(server))
    else server.listen(place, '127.0.0.1', () => resolve(server))
  })
}

async function runExample(folder: string, name: string, block: Block, world: World): Promise<Ended> {
  const source = join(folder, `${name}.${block.language === 'ts' ? 'mts' : 'mjs'}`)
  writeFileSync(source, world.localize(block.text))
  if (block.language === 'ts') {
    const complaints = compile(source)
    if (complaints !== '') return { exitCode: 2, output: '', errors: complaints }
  }
  const program = source.replace(/mts$/, 'mjs')
  // An example that does not end by itself has left something open.
  // In place of the authorities of Node.js, which take longer to read than all the rest of a short example.
  const isSecure = /\b(wss|https):/.test(block.text)
  const environment = { NODE_V8_COVERAGE: undefined, SSL_CERT_FILE: join(world.folder, 'ca.pem') }
  const flags = isSecure ? ['--use-openssl-ca'] : []
  // Of msw, which asks Node.js 25 and later for its localStorage.
  const commandLine = ['--disable-warning=ExperimentalWarning', ...flags, program]
  return await runNode(commandLine, { folder: world.folder, environment })
}

/** Compiles one file as a strict program; returns what the compiler has to complain of. */
function compile(source: string): string {
  const options = ['--strict', '--target', 'es2023', '--lib', 'es2023', '--module', 'nodenext', '--types', 'node']
  const commandLine = ['--ignoreConfig', ...options, ...compilerOptions, source]
  const env = { ...process.env, ...compilerEnvironment }
  return spawnSync(compiler, commandLine, { cwd: root, encoding: 'utf8', env }).stdout
}
