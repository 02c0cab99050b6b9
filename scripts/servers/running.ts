import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeAuthority, makeCertificate } from '../../spec-tests/support/certificates.ts'
import type { Target } from './checks.ts'
import type { Command, Row, Settings } from './row.ts'

/** Milliseconds for a server to start. */
const START = 120_000

export interface Running extends Target {
  stop(): Promise<void>
}

/** Starts the server of a row, and waits until it listens. */
export async function startServer(file: string, row: Row, upstream: number): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'servers-'))
  const authority = await makeAuthority()
  const { key, cert } = await makeCertificate({ authority, names: ['localhost'], addresses: [] })
  writeFileSync(join(folder, 'key.pem'), `${key.trim()}\n`)
  writeFileSync(join(folder, 'cert.pem'), `${cert.trim()}\n`)
  const settings: Settings = {
    port: await freePort(),
    tlsPort: await freePort(),
    innerPort: await freePort(),
    key: join(folder, 'key.pem'),
    cert: join(folder, 'cert.pem'),
    upstream,
    folder,
  }
  const child = fileURLToPath(new URL('child.js', import.meta.url))
  const { words, environment }: Command = row.command?.(settings) ?? {
    words: [process.execPath, child, file, JSON.stringify(settings)],
  }
  const server = spawn(words[0]!, words.slice(1), {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a process group of its own, so that its workers end with it.
    detached: true,
  })
  let output = ''
  let isOver = false
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2000)))
  }
  const ended = new Promise<void>(resolve => {
    server.once('close', () => {
      isOver = true
      resolve()
    })
    server.once('error', error => {
      output += error.message
      isOver = true
      resolve()
    })
  })
  const kill = async (): Promise<void> => {
    try {
      if (server.pid !== undefined) process.kill(-server.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    await ended
  }
  const stop = async (): Promise<void> => {
    await kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const ports = row.lacks?.wss === undefined ? [settings.port, settings.tlsPort] : [settings.port]
  const end = Date.now() + START
  while (!(await Promise.all(ports.map(listens))).every(Boolean)) {
    if (isOver || Date.now() > end) {
      await stop()
      throw new Error(`it does not start: ${output.trim()}`)
    }
    await setTimeout(50)
  }
  const paths = { echo: '/echo', refused: '/refused', redirect: '/redirect', ...row.paths }
  const { port, tlsPort } = settings
  return { port, tlsPort, paths, authority: authority.cert, answersClose: row.answersClose, kill, stop }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    // A connection from a free port to itself succeeds on Linux, where the system chooses that port for its other end.
    socket.once('connect', () => resolve(socket.localPort !== port)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
