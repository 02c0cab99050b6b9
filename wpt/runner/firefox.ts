import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from '#lib/entry/node.js'
import type { TestBrowser } from './browser.ts'
import { hostNames } from './browser-hosts.ts'
import { portAddress, portScript } from './browser-pages.ts'
import { UsageError } from './options.ts'
import { type FileResult, type ReportLine, resultOf, type Subject } from './results.ts'
import type { Server } from './server.ts'
import type { TestCase } from './test-case.ts'

/** The usual paths of Firefox. */
const usualPlaces = ['/usr/bin/firefox-esr', '/usr/bin/firefox']

/** The Firefox of this machine; undefined when none is in one of the usual places. */
export function findFirefox(): string | undefined {
  return usualPlaces.find(place => existsSync(place))
}

/**
 * Starts Firefox as it comes from its maker, and drives it with WebDriver BiDi over a WebSocket of this package. It runs ports,
 * each in a tab and a user context (cookies, cache) of its own.
 *
 * @see https://w3c.github.io/webdriver-bidi/
 * @throws {UsageError} when Firefox is not there
 */
export async function openFirefox(_name: 'firefox' | 'chromium', path: string | undefined): Promise<TestBrowser> {
  const executable = path ?? findFirefox()
  if (executable === undefined)
    throw new UsageError('there is no Firefox in its usual places: name one with --browser-path')
  const profile = await mkdtemp(join(tmpdir(), 'wpt-firefox-'))
  await writeFile(join(profile, 'user.js'), userPreferences())
  const child = spawn(executable, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Some systems give a process no folder of its own to write to.
    env: { ...process.env, HOME: profile },
  })
  const kill = (): boolean => child.kill('SIGKILL')
  process.on('exit', kill)
  const close = async (): Promise<void> => {
    process.off('exit', kill)
    const ended = child.exitCode === null ? new Promise(resolve => child.once('exit', resolve)) : undefined
    kill()
    await ended
    await rm(profile, { recursive: true, force: true })
  }
  try {
    const session = await BidiSession.open(await findAddress(child))
    return {
      label: `firefox ${session.version}`,
      run: (test, server, subject, seconds) => runPort(session, test, server, subject, seconds),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function userPreferences(): string {
  const preferences = {
    'network.dns.localDomains': hostNames.join(','),
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.disabledForTesting': true,
  }
  return Object.entries(preferences)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('')
}

/** The address that Firefox prints. Rejects if it ends before. */
function findAddress({ stderr, ...child }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    void child
    const lines = createInterface({ input: stderr! })
    lines.on('line', line => {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
    lines.on('close', () => reject(new UsageError('Firefox has ended before it could be driven')))
  })
}

interface BidiMessage {
  readonly id?: number
  readonly type: 'success' | 'error' | 'event'
  readonly result?: Record<string, unknown>
  readonly error?: string
  readonly message?: string
  readonly method?: string
  readonly params?: { readonly channel: string; readonly data: { readonly value: string } }
}

interface Command {
  readonly method: string
  resolve(result: Record<string, unknown>): void
  reject(error: Error): void
}

/** What Firefox answers to a command that failed. */
class BidiError extends Error {
  /** The kind of error, such as `no such frame`. */
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** Passes over the error of a tab whose browsing context Firefox has replaced while it navigates: the tab is there. */
function passReplaced(error: unknown): void {
  if (!(error instanceof BidiError) || error.code !== 'no such frame') throw error
}

/** Commands to Firefox, and what pages report. */
class BidiSession {
  version = ''
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, Command>()
  readonly #channels = new Map<string, (text: string) => void>()
  #count = 0

  static async open(address: string): Promise<BidiSession> {
    const socket = new WebSocket(`${address}/session`)
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = () => reject(new Error('Firefox does not take the connection'))
    })
    const session = new BidiSession(socket)
    const alwaysMatch = { acceptInsecureCerts: true }
    const { capabilities } = await session.send('session.new', { capabilities: { alwaysMatch } })
    session.version = (capabilities as { browserVersion: string }).browserVersion
    await session.send('session.subscribe', { events: ['script.message'] })
    return session
  }

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data as string) as BidiMessage)
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox has ended'))
      this.#waiting.clear()
    }
  }

  send(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#count
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve, reject) => this.#waiting.set(id, { method, resolve, reject }))
  }

  /** Calls back with each text that a page gives to the channel. */
  listen(channel: string, take: (text: string) => void): void {
    this.#channels.set(channel, take)
  }

  #take({ id, type, result, error, message, method, params }: BidiMessage): void {
    if (type === 'event') {
      if (method === 'script.message') this.#channels.get(params!.channel)?.(params!.data.value)
      return
    }
    const waiting = this.#waiting.get(id!)
    this.#waiting.delete(id!)
    if (type === 'success') waiting?.resolve(result ?? {})
    else waiting?.reject(new BidiError(`${waiting.method}: ${message}`, error ?? ''))
  }
}

/** Milliseconds that a page gets beyond its own time limit, to load and to report. */
const grace = 10_000

/** Opens a tab. Firefox may replace its browsing context before it has answered: then another tab is opened. */
async function openTab(session: BidiSession, userContext: unknown): Promise<unknown> {
  for (;;) {
    const opened = await session.send('browsingContext.create', { type: 'tab', userContext }).catch(passReplaced)
    if (opened !== undefined) return opened.context
  }
}

async function runPort(
  session: BidiSession,
  test: TestCase,
  server: Server,
  subject: Subject,
  seconds: number,
): Promise<FileResult> {
  const start = performance.now()
  const milliseconds = seconds * 1000 * (test.long ? 6 : 1)
  const limit = milliseconds + grace
  const { userContext } = await session.send('browser.createUserContext', {})
  try {
    const channel = String(userContext)
    const script = portScript(test, server, milliseconds, subject.implementation)
    await session.send('script.addPreloadScript', {
      functionDeclaration: `tell => {
        if (self !== top) return
        globalThis.reportLine = line => tell(JSON.stringify(line))
        ${script}
      }`,
      arguments: [{ type: 'channel', value: { channel } }],
      userContexts: [userContext],
    })
    const context = await openTab(session, userContext)
    const lines = await new Promise<ReportLine[]>((resolve, reject) => {
      const found: ReportLine[] = []
      const timer = setTimeout(() => resolve(found), limit)
      session.listen(channel, text => {
        const line = JSON.parse(text) as ReportLine
        timer.refresh()
        found.push(line)
        if (!('end' in line)) return
        clearTimeout(timer)
        resolve(found)
      })
      const address = portAddress(test, server)
      session
        .send('browsingContext.navigate', { context, url: address, wait: 'none' })
        .catch(passReplaced)
        .catch(reject)
    })
    return resultOf(test, subject, lines, { status: 'TIMEOUT', message: `no word for ${limit} ms` }, start)
  } finally {
    await session.send('browser.removeUserContext', { userContext }).catch(passReplaced)
  }
}
