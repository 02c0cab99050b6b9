import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { authority, certificate, privateKey } from '../../wpt/server/certificate.ts'
import { unpackProject } from '../check/installed.ts'
import { packOnce } from '../check/tarball.ts'
import { findRuntimes, type Runtime, type RuntimeKind } from '../runtimes/runtimes.ts'
import { smokeCommand } from './command.ts'
import { startTlsServers, type TlsServers } from './tls-servers.ts'
import { runWorkers } from './workerd.ts'

const usage = `npm run smoke -- [RUNTIME...]    tries the package in these runtimes, by default in all

The package is unpacked from its tarball, and connects, exchanges and closes in each runtime: "this", which runs this command,
and those that "npm run runtimes" has installed, such as "bun" or "node24". Prints what works in which. The exit code is 1 if
something does not work, or a runtime is not installed.`

/** Milliseconds that one runtime may take. */
const LIMIT = 180_000

const commands: Readonly<Record<Exclude<RuntimeKind, 'workerd'>, readonly string[]>> = {
  node: [],
  bun: [],
  deno: ['run', '--allow-all', '--quiet', '--no-lock', '--node-modules-dir=manual'],
}

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
if (values.help === true) console.log(usage)
else process.exitCode = await main(positionals)

async function main(chosen: readonly string[]): Promise<number> {
  const here: Runtime = { name: 'this', kind: 'node', version: process.versions.node, executable: process.execPath }
  const installed = [here, ...findRuntimes()]
  const runtimes = installed.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  const missing = chosen.filter(wanted => !installed.some(({ name }) => name === wanted))
  if (missing.length > 0) {
    console.error(`Not installed: ${missing.join(', ')}. Install with: npm run runtimes -- ${missing.join(' ')}`)
    return 1
  }
  if (installed.length === 1) console.log('No other runtime is installed. Install with: npm run runtimes')
  const folder = mkdtempSync(join(tmpdir(), 'smoke-'))
  const servers = await startServers()
  try {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const project = unpackProject(packOnce(root, folder), 'whatwg-websocket', join(folder, 'project'))
    const program = join(project.folder, 'client.mjs')
    copyFileSync(fileURLToPath(new URL('client.js', import.meta.url)), program)
    let failures = 0
    for (const runtime of runtimes) failures += await smoke(runtime, program, servers)
    return failures === 0 ? 0 : 1
  } finally {
    servers.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Servers {
  readonly plain: string
  readonly secure: string
  readonly tls: TlsServers
  close(): void
}

/**
 * Starts two echo servers, one over TLS, and some with other certificates. The paths `/refuse`, `/burst` and `/vanish` make the
 * echo servers behave otherwise.
 */
async function startServers(): Promise<Servers> {
  const plain = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: () => 'second',
    verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== '/refuse',
  })
  const https = createServer({ cert: certificate, key: privateKey })
  const secure = new WebSocketServer({ server: https })
  for (const server of [plain, secure]) {
    server.on('connection', (peer, request) => {
      peer.on('error', () => {})
      peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }))
      if (request.url === '/burst') for (let number = 0; number < 10; number++) peer.send(String(number))
      if (request.url === '/vanish') peer.terminate()
    })
  }
  await new Promise<void>(resolve => https.listen(0, '127.0.0.1', resolve))
  const others = await startTlsServers()
  return {
    plain: `ws://127.0.0.1:${(plain.address() as AddressInfo).port}/`,
    secure: `wss://localhost:${(https.address() as AddressInfo).port}/`,
    tls: others.servers,
    close() {
      others.close()
      for (const server of [plain, secure]) {
        for (const peer of server.clients) peer.terminate()
        server.close()
      }
      https.close()
    },
  }
}

/** Runs the program in one runtime, prints its output, and returns the number of failures. */
async function smoke({ name, kind, version, executable }: Runtime, program: string, servers: Servers): Promise<number> {
  console.log(`\n${kind} ${version}${name === 'this' ? ', which runs this' : ''}`)
  if (kind === 'workerd') {
    const { lines, errors } = await runWorkers(executable, join(program, '..'), { ...servers, authority })
    return report(lines, errors, undefined)
  }
  const flags = commands[kind]
  const child = spawn(executable, [...flags, program, servers.plain, servers.secure], {
    cwd: join(program, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SMOKE_AUTHORITY: authority, SMOKE_TLS: JSON.stringify(servers.tls) },
  })
  const ended = waitFor(child)
  const [output, errors, how] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  const failures = report(output.trim().split('\n'), errors, how)
  const file = join(program, '../node_modules/whatwg-websocket/build/cli/whatwg-websocket.js')
  return failures + (await smokeCommand([executable, ...flags], file, servers.plain))
}

/** Prints the lines of a program, and returns the number of failures. */
function report(lines: readonly string[], errors: string, how: string | undefined): number {
  for (const line of lines) console.log(`  ${line}`)
  if (errors.trim() !== '') console.log(errors.trim().replace(/^/gm, '  ! '))
  let failures = lines.filter(line => line.startsWith('FAIL')).length
  if (how !== undefined || !lines.at(-1)?.startsWith('done')) {
    console.log(`  FAIL  the process ${how ?? 'ended before it was done'}`)
    failures++
  }
  return failures
}

/** Resolves with what went wrong, if anything did. */
function waitFor(child: ChildProcess): Promise<string | undefined> {
  return new Promise(resolve => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, LIMIT)
    child.once('error', error => resolve(`did not start: ${error.message}`))
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (late) resolve(`did not end within ${LIMIT / 1000} s: something was left open`)
      else resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`)
    })
  })
}
