import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { pack } from '../check/tarball.ts'

const usage = `npm run ws-alias    proves that the stand-in serves libraries that bring ws

The libraries run from the packed tarball, in a project that overrides ws, and in a bundle with an alias, and talk to servers over ws
itself. They are installed first. The exit code is 1 if one of them prints something else than it has to.

  -h, --help      print this`

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sources = join(root, 'scripts/ws-alias')

/** What the clients have to print. */
const expected = [
  'one class true',
  'WebSocketServer names ws',
  'isomorphic-ws hello by 1 of ours',
  'mqtt topic xxxxxxxxxx by 1 of ours',
  'chrome-remote-interface Runtime.evaluate by 1 of ours',
  '@microsoft/signalr method by 1 of ours',
  'jszmq there back',
  'socketcluster-client 42',
]

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
const folder = mkdtempSync(join(tmpdir(), 'ws-alias-'))
try {
  if (values.help === true) console.log(usage)
  else process.exitCode = await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<number> {
  renameSync(pack(root, folder), join(folder, 'whatwg-websocket.tgz'))
  for (const project of ['aliased', 'servers']) {
    cpSync(join(sources, project), join(folder, project), { recursive: true })
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], join(folder, project))
  }
  const servers = fork(join(folder, 'servers/servers.mjs'), { cwd: join(folder, 'servers') })
  try {
    return compare(await talk(servers))
  } finally {
    servers.kill()
  }
}

async function talk(servers: ChildProcess): Promise<string[]> {
  const [ports] = (await once(servers, 'message')) as [object]
  const environment = { ...process.env, PORTS: JSON.stringify(ports) }
  const aliased = run(process.execPath, ['clients.mjs'], join(folder, 'aliased'), environment)

  mkdirSync(join(folder, 'bundled'))
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: join(folder, 'servers'),
    entryPoints: ['clients.cjs'],
    outfile: join(folder, 'bundled/clients.cjs'),
    bundle: true,
    platform: 'node',
    alias: { ws: 'whatwg-websocket/ws' },
    logLevel: 'error',
  })
  const real = Object.keys(metafile.inputs).find(input => input.includes('node_modules/ws/'))
  if (real !== undefined) throw new Error(`The bundle has ${real} in it, in spite of the alias`)
  const bundled = run(process.execPath, ['clients.cjs'], join(folder, 'bundled'), environment)
  return [...aliased, ...bundled]
}

/** Runs a program to its end; its lines. @throws with its errors if it fails */
function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 300_000 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout.trim().split('\n')
}

function compare(lines: readonly string[]): number {
  for (const line of lines) console.log(line)
  const missing = expected.filter(line => !lines.includes(line))
  for (const line of missing) console.log(`MISSING ${line}`)
  console.log(missing.length === 0 ? 'All libraries were served' : `${missing.length} failed`)
  return missing.length === 0 ? 0 : 1
}
