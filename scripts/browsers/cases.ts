import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { runInReactNative, scriptForHermes } from './react-native-scope.ts'
import { root, runProgram, type Workspace } from './workspace.ts'

/** Tries one bundler or framework. Returns what it has shown; throws if something is not as it should be. */
type Case = (workspace: Workspace) => Promise<string>

/** Most bytes of a gzipped bundle of a page that imports `WebSocket` alone. */
const BUDGET = 3000

export const cases: Readonly<Record<string, Case>> = {
  esbuild: pageOf('esbuild'),
  rollup: pageOf('rollup'),
  webpack: pageOf('webpack'),
  vite: pageOf('vite'),
  'vite-ssr': tryViteOnBothSides,
  next: tryNext,
  metro: tryMetro,
  'streams-chromium': portsIn('chromium'),
  'streams-firefox': portsIn('firefox'),
}

/** Two pages by a bundler: one with `WebSocket` alone, and one with all exports. */
function pageOf(bundler: string): Case {
  return async workspace => {
    const build = (name: string): string => {
      const file = join(workspace.output, `${bundler}-${name}.js`)
      runNode(workspace, ['page/build.mjs', bundler, join(workspace.projects, 'page', `${name}.js`), file])
      const text = readFileSync(file, 'utf8')
      if (text.includes('node:')) throw new Error('the bundle imports a module of Node.js')
      return text
    }
    const page = build('page')
    expect(await titleOf(workspace, page), 'hello true')
    const size = gzipSync(page, { level: 9 }).length
    if (size > BUDGET) throw new Error(`the page has ${size} bytes, ${BUDGET} is the most`)
    const wanted = 'hello WS_ERR_UNSUPPORTED WS_ERR_TERMINATED undefined true function function'
    expect(await titleOf(workspace, build('everything')), wanted)
    // The same page in a browser that has no streams of its own.
    expect(await titleOf(workspace, `delete globalThis.WebSocketStream;\n${readBack(workspace, bundler)}`), wanted)
    return `a page with WebSocket alone has ${size} bytes, gzipped`
  }
}

function readBack({ output }: Workspace, bundler: string): string {
  return readFileSync(join(output, `${bundler}-everything.js`), 'utf8')
}

async function tryViteOnBothSides(workspace: Workspace): Promise<string> {
  runNode(workspace, ['vite-ssr/build.mjs', workspace.output])
  const server = join(workspace.output, 'server.mjs')
  const told = await runNodeLater(workspace, [server, `${workspace.world.origin.replace('http', 'ws')}/echo`])
  expect(told.trim(), 'from the server')
  expect(workspace.world.lastHeaders['x-side'], 'server')
  expect(await titleOf(workspace, readFileSync(join(workspace.output, 'client.js'), 'utf8')), 'from the client')
  expect(workspace.world.lastHeaders['x-side'], undefined)
  return 'an echo on the server, with header fields, and one in the page'
}

async function tryNext(workspace: Workspace): Promise<string> {
  const folder = join(workspace.projects, 'next-app')
  const command = join(workspace.projects, 'node_modules/next/dist/bin/next')
  const environment = {
    NEXT_TELEMETRY_DISABLED: '1',
    ECHO: `${workspace.world.origin.replace('http', 'ws')}/echo`,
  }
  runProgram(process.execPath, [command, 'build'], folder, environment)
  const server = spawn(process.execPath, [command, 'start', '--port', '0', '--hostname', '127.0.0.1'], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, ...environment },
  })
  const ended = new Promise(resolve => server.once('exit', resolve))
  try {
    const address = await new Promise<string>((resolve, reject) => {
      const lines = createInterface({ input: server.stdout! })
      lines.on('line', line => {
        const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(line)?.[0]
        if (found !== undefined) resolve(found)
      })
      lines.on('close', () => reject(new Error('next start has ended')))
    })
    const page = await workspace.world.browser.newPage()
    await page.goto(address)
    expect(await page.textContent('#server'), 'from the server')
    await page.waitForFunction("document.querySelector('#client').textContent !== ''")
    expect(await page.textContent('#client'), 'from the client')
    await page.close()
  } finally {
    server.kill()
    await ended
  }
  return 'an echo on the server, and one in the page'
}

async function tryMetro(workspace: Workspace): Promise<string> {
  const file = join(workspace.output, 'metro.js')
  runNode(workspace, ['metro/build.mjs', file])
  const bundle = readFileSync(file, 'utf8')
  const platform = { linux: 'linux64-bin', darwin: 'osx-bin', win32: 'win64-bin' }[process.platform as 'linux']
  const hermes = join(workspace.projects, 'node_modules/hermes-engine-cli', platform)
  writeFileSync(`${file}.hermes.js`, scriptForHermes(bundle))
  const printed = runProgram(join(hermes, 'hermes'), ['-w', `${file}.hermes.js`], workspace.output)
  for (const told of [runInReactNative(bundle), JSON.parse(printed) as string[]]) {
    expect(told.join('\n'), TOLD_IN_REACT_NATIVE)
  }
  runProgram(join(hermes, 'hermesc'), ['-w', '-O', '-emit-binary', '-out', `${file}.hbc`, file], workspace.output)
  const version = /release version: (\S+)/.exec(runProgram(join(hermes, 'hermes'), ['--version'], workspace.output))![1]
  return `a bundle that runs with header fields in Hermes ${version}, and that its compiler takes`
}

const TOLD_IN_REACT_NATIVE = [
  'true',
  'ws://localhost/path chat {"headers":{"Authorization":"Bearer 123","x-kind":"special","origin":"https://a.example"}}',
  'WS_ERR_UNSUPPORTED A ping cannot be had in React Native',
  'WS_ERR_UNSUPPORTED',
  'WS_ERR_CONNECT The connection could not be established: Connection refused',
].join('\n')

/** The ports of the web-platform-tests of streams, with the WebSocketStream that is ours over the browser's WebSocket. */
function portsIn(browser: 'chromium' | 'firefox'): Case {
  return async ({ output }) => {
    const program = (path: string): string => join(root, 'build', path)
    runProgram(process.execPath, [program(`scripts/ensure-${browser}/main.js`)], output)
    // A machine with other things to do needs more than the 10 seconds that a test has by default.
    const options = ['--browser', browser, '--impl', 'ours', '--variant', 'ws', '--timeout', '30', 'stream/']
    return runProgram(process.execPath, [program('wpt/cli.js'), ...options], output)
      .trim()
      .split('\n')
      .at(-1)!
      .trim()
  }
}

/** Runs a module of the page world in Chromium, until it has set the title of its page. */
async function titleOf({ world }: Workspace, script: string): Promise<string> {
  world.serve('/app.js', script)
  world.serve('/app.html', '<!doctype html><title></title><script type="module" src="/app.js"></script>')
  const page = await world.browser.newPage()
  const errors: Error[] = []
  page.on('pageerror', error => errors.push(error))
  try {
    await page.goto(`${world.origin}/app.html`)
    await page.waitForFunction("document.title !== ''", undefined, { timeout: 20_000 })
    return await page.title()
  } catch (error) {
    throw errors[0] ?? error
  } finally {
    await page.close()
  }
}

function runNode({ projects }: Workspace, commandLine: readonly string[]): string {
  return runProgram(process.execPath, commandLine, projects)
}

/** Runs Node.js while this process goes on, which is its server. */
async function runNodeLater({ projects }: Workspace, commandLine: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, commandLine, { cwd: projects, stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  child.stdout!.setEncoding('utf8').on('data', text => {
    told += text
  })
  await new Promise(resolve => child.once('close', resolve))
  return told
}

function expect(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`found ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}
