import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { type Http2TestServer, startHttp2Server } from '../../spec-tests/support/http2-server.ts'
import { authority, certificate, privateKey } from '../../wpt/server/certificate.ts'
import { installPackages } from '../runtimes/install-packages.ts'
import { findRuntimes } from '../runtimes/runtimes.ts'
import type { Line, World } from './client.ts'
import { installProxies, PASSWORD, proxyKinds, type RunningProxy, startProxy, USER } from './debian-proxies.ts'

const usage = `npm run proxies -- [RUNTIME...]

Goes through squid, tinyproxy, dante-server and microsocks, with and without passwords, TLS, IPv6 and HTTP/2, and by the agents,
dispatchers and ssh channels of other projects. Installs the proxies with apt-get where it can, and the agents in scripts/proxies/packages. A
runtime is named like "bun" or "node24" (npm run runtimes); this Node.js is always one of them. The exit code is 1 if anything
fails or cannot be installed.

  --help    print this`

const packages = fileURLToPath(new URL('../../../scripts/proxies/packages', import.meta.url))
const clients = ['client.js', 'agents.js'].map(name => fileURLToPath(new URL(name, import.meta.url)))

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', default: false } },
  allowPositionals: true,
})
if (values.help) console.log(usage)
else process.exitCode = await main(positionals)

async function main(chosen: readonly string[]): Promise<number> {
  const missing = installProxies()
  if (missing.length > 0) {
    console.error(`Not installed: apt-get install ${missing.join(' ')}`)
    return 1
  }
  if (!existsSync(`${packages}/node_modules`)) installPackages(packages)
  const runtimes = findRuntimes()
  const unknown = chosen.filter(wanted => !runtimes.some(({ name }) => name === wanted))
  if (unknown.length > 0) {
    console.error(`Not installed: npm run runtimes -- ${unknown.join(' ')}`)
    return 1
  }
  const others = runtimes.filter(({ name }) => chosen.includes(name))
  const servers = await startServers()
  const http2 = await startHttp2()
  const proxies: RunningProxy[] = []
  let problems = 0
  try {
    for (const kind of proxyKinds) proxies.push(await startProxy(kind))
    const world: World = {
      proxies: proxies.map(({ kind, port }) => ({
        name: kind.name,
        schemes: kind.schemes,
        place: `${kind.host === '127.0.0.1' ? 'localhost' : kind.host}:${port}`,
        password: kind.password === true,
      })),
      servers: servers.urls,
      http2: http2.url,
      authority,
      user: USER,
      secret: PASSWORD,
    }
    // All runtimes at a time, since most of it is waiting.
    const runs = [{ name: 'this Node.js', executable: process.execPath }, ...others].map(
      async ({ name, executable }) => {
        let problems = 0
        // The clients of others are for Node.js.
        for (const program of name.includes('ode') ? clients : clients.slice(0, 1)) {
          const flags = name === 'deno' ? ['run', '--allow-all', '--quiet'] : []
          problems += await run(name, [executable, ...flags, program, JSON.stringify(world)])
        }
        return problems
      },
    )
    for (const failed of await Promise.all(runs)) problems += failed
  } finally {
    for (const proxy of proxies) await proxy.stop()
    servers.close()
    await http2.close()
  }
  console.log(problems === 0 ? '\nEverything went through.' : `\n${problems} failed.`)
  return problems === 0 ? 0 : 1
}

/** Runs a client, prints a line for each proxy, and returns the number of checks that failed. */
async function run(runtime: string, [program, ...args]: readonly string[]): Promise<number> {
  const environment = { ...process.env, NODE_V8_COVERAGE: '' }
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'], env: environment })
  const ended = once(child, 'close')
  const counts = new Map<string, number>()
  let problems = 0
  for await (const text of createInterface(child.stdout)) {
    const { proxy, check, problem } = JSON.parse(text) as Line
    counts.set(proxy, (counts.get(proxy) ?? 0) + (problem === undefined ? 1 : 0))
    if (problem === undefined) continue
    problems++
    console.log(`${runtime}, ${proxy}, ${check}: ${problem}`)
  }
  const total = [...counts.values()].reduce((sum, passed) => sum + passed, 0)
  console.log(`${runtime}: ${total} passed through ${[...counts.keys()].join('; ')}`)
  const [code] = (await ended) as [number | null]
  if (code === 0) return problems
  console.log(`${runtime} ended with code ${code}`)
  return problems + 1
}

/** An echo server of HTTP/2, which tells its connections apart. */
async function startHttp2(): Promise<Http2TestServer> {
  const server = await startHttp2Server({ tls: { cert: certificate, key: privateKey } })
  void (async () => {
    for (;;) {
      const request = await server.request()
      request.accept({ 'x-session': String(server.sessions.indexOf(request.session)) })
    }
  })()
  return server
}

/** Echo servers over IPv4 and IPv6, without and with TLS. */
async function startServers(): Promise<{ urls: string[]; close(): void }> {
  const echo = new WebSocketServer({ noServer: true })
  echo.on('connection', peer => peer.on('message', (data, binary) => peer.send(data, { binary })))
  const urls: string[] = []
  const started: Server[] = []
  for (const host of ['127.0.0.1', '::1']) {
    for (const secure of [false, true]) {
      const server = secure ? createHttpsServer({ cert: certificate, key: privateKey }) : createHttpServer()
      server.on('upgrade', (request, socket, head) => {
        echo.handleUpgrade(request, socket, head, peer => echo.emit('connection', peer, request))
      })
      server.listen(0, host)
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      urls.push(`${secure ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}/`)
      started.push(server)
    }
  }
  return {
    urls,
    close() {
      for (const peer of echo.clients) peer.terminate()
      for (const server of started) server.close()
    },
  }
}
