import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A worker that workerd is to run. */
export interface WorkerOptions {
  /** The source of an ES module, all in one file. */
  readonly source: string
  /** Other modules that it imports, by name. */
  readonly modules?: Readonly<Record<string, string>>
  /** Default: a date at which all that is tested here is the default. */
  readonly compatibilityDate?: string
  readonly compatibilityFlags?: readonly string[]
  /** PEM. Without any, TLS trusts what workerd brings. */
  readonly trustedCertificates?: readonly string[]
}

export interface RunningWorker {
  /** Requests a path, and returns the body of the response. */
  request(path: string): Promise<string>
  /** What workerd has written to its standard error. */
  readonly errors: string
  stop(): Promise<void>
}

/** Milliseconds that workerd may take to start. */
const START_LIMIT = 60_000
const COMPATIBILITY_DATE = '2025-09-01'

/**
 * Starts workerd with a worker, which can reach loopback and private addresses.
 *
 * @param executable of workerd
 */
export async function startWorkerd(executable: string, options: WorkerOptions): Promise<RunningWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'workerd-'))
  const modules = { worker: options.source, ...options.modules }
  const names = Object.keys(modules)
  for (const [index, text] of Object.values(modules).entries()) writeFileSync(join(folder, `${index}.js`), text)
  writeFileSync(join(folder, 'config.capnp'), configuration(names, options))
  const child = spawn(executable, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', text => {
    errors += text
  })
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      errors += error.message
      resolve()
    })
    child.once('close', () => resolve())
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), START_LIMIT)
  const port = await Promise.race([portOf(child.stdio[3] as Readable), ended])
  clearTimeout(timer)
  if (port === undefined) {
    await stop()
    throw new Error(`workerd did not start:\n${errors}`)
  }
  return {
    async request(path) {
      return (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    },
    get errors() {
      return errors
    },
    stop,
  }
}

/** The port that workerd has chosen, which it tells as a line of JSON. */
async function portOf(lines: Readable): Promise<number | undefined> {
  for await (const line of createInterface(lines)) {
    const { event, port } = JSON.parse(line) as { event: string; port: number }
    if (event === 'listen') return port
  }
  return undefined
}

/** The configuration of workerd, in the text format of Cap'n Proto, whose texts are written as in JSON. */
function configuration(names: readonly string[], options: WorkerOptions): string {
  const modules = names.map((name, index) => `(name = ${JSON.stringify(name)}, esModule = embed "${index}.js")`)
  const { compatibilityDate = COMPATIBILITY_DATE, compatibilityFlags = [], trustedCertificates } = options
  const trust = trustedCertificates?.map(pem => JSON.stringify(pem)).join(', ')
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join(', ')}],
      compatibilityDate = ${JSON.stringify(compatibilityDate)},
      compatibilityFlags = [${compatibilityFlags.map(flag => JSON.stringify(flag)).join(', ')}],
    )),
    (name = "internet", network = (
      allow = ["private", "local"],
      tlsOptions = (${trust === undefined ? 'trustBrowserCas = true' : `trustedCertificates = [${trust}]`}),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`
}
