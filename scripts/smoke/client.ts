import { AsyncLocalStorage } from 'node:async_hooks'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import process from 'node:process'
import nodeTls from 'node:tls'
import { inspect } from 'node:util'
import { drained, failure, handshake, ping, terminate, WebSocket, type WebSocketOptions } from 'whatwg-websocket'
import Ws from 'whatwg-websocket/ws'
import type { TlsServers } from './tls-servers.ts'

/*
 * The program that runs in each runtime, copied into a project that has the package installed. Prints a line for each check, and
 * "done" at the end.
 */

const [, , plain = '', secure = ''] = process.argv
const authority = process.env.SMOKE_AUTHORITY ?? ''
const tlsServers = JSON.parse(process.env.SMOKE_TLS ?? '{}') as TlsServers

type Check = () => Promise<void>

function next(socket: WebSocket, type: string): Promise<any> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(failure(socket) ?? new Error('The socket was closed'))
    const onEvent = (event: unknown): void => {
      socket.removeEventListener('close', onClose)
      resolve(event)
    }
    socket.addEventListener(type, onEvent, { once: true })
    if (type !== 'close') socket.addEventListener('close', onClose, { once: true })
  })
}

function equal(actual: unknown, wanted: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`)
  }
}

async function open(...args: ConstructorParameters<typeof WebSocket>): Promise<WebSocket> {
  const socket = new WebSocket(...args)
  await next(socket, 'open')
  return socket
}

async function close(socket: WebSocket): Promise<void> {
  const closed = next(socket, 'close')
  socket.close(3000, 'done')
  const { code, reason, wasClean } = await closed
  equal([code, reason, wasClean], [3000, 'done', true])
}

/** The first message of a TLS server, or the code of the error. */
async function tlsOutcome(url: string, tls: NonNullable<WebSocketOptions['tls']>): Promise<string> {
  const socket = new WebSocket(url, { tls })
  const message = new Promise<string>(resolve => {
    socket.onmessage = ({ data }: { data: string }) => resolve(data)
  })
  const closed = next(socket, 'close').then(() =>
    String((failure(socket)?.cause as { code?: string } | undefined)?.code),
  )
  const outcome = await Promise.race([message, closed])
  terminate(socket)
  await closed
  return outcome
}

/** What the console shows: each runtime has an inspector of its own. */
function shownBy(value: unknown): string {
  const { Deno, Bun } = globalThis as {
    Deno?: { inspect(value: unknown): string }
    Bun?: { inspect(value: unknown): string }
  }
  return (Deno?.inspect ?? Bun?.inspect ?? inspect)(value)
}

const checks: Readonly<Record<string, Check>> = {
  async 'stands in for the client of ws, by import and by require'() {
    equal(createRequire(import.meta.url)('whatwg-websocket/ws') === Ws, true)
    const upgraded: (number | undefined)[] = []
    const socket = new Ws(plain, ['second'])
    socket.on('upgrade', response => upgraded.push(response.statusCode))
    await once(socket, 'open')
    socket.send('text')
    equal(String((await once(socket, 'message'))[0]), 'text')
    socket.send(Buffer.from([1, 2]), { binary: true })
    const [data, isBinary] = await once(socket, 'message')
    equal([[...data], isBinary, socket.protocol, upgraded], [[1, 2], true, 'second', [101]])
    socket.ping('ping')
    equal(String((await once(socket, 'pong'))[0]), 'ping')
    socket.close(3000, 'done')
    const [code, reason] = await once(socket, 'close')
    equal([code, String(reason)], [3000, 'done'])

    const overTls = new Ws(secure, { ca: authority })
    await once(overTls, 'open')
    overTls.terminate()
    equal((await once(overTls, 'close'))[0], 1006)
    const refused = new Ws('ws://127.0.0.1:1/')
    equal(await once(refused, 'open').catch(error => error.code), 'ECONNREFUSED')
  },

  async 'exchanges text, binary data and Blobs'() {
    const socket = await open(plain, ['first', 'second'])
    equal([socket.protocol, socket.readyState, socket.binaryType], ['second', 1, 'blob'])
    socket.send('Grüße 👋')
    equal((await next(socket, 'message')).data, 'Grüße 👋')
    socket.send(Uint8Array.of(1, 2, 3))
    const { data } = await next(socket, 'message')
    equal([data instanceof Blob, await data.text()], [true, '\x01\x02\x03'])
    socket.binaryType = 'arraybuffer'
    socket.send(new Blob(['abc']))
    const answer = await next(socket, 'message')
    equal([answer.data instanceof ArrayBuffer, answer.origin], [true, new URL(plain).origin])
    equal([...new Uint8Array(answer.data)], [97, 98, 99])
    await close(socket)
  },

  async 'is shown by the console with its attributes'() {
    const socket = await open(plain)
    const shown = shownBy(socket)
    equal(
      [/^WebSocket \{\s/.test(shown), /readyState: ['"]OPEN['"]/.test(shown), /Symbol|Function/.test(shown)],
      [true, true, false],
    )
    await close(socket)
  },

  async 'exchanges a message of 4 MiB'() {
    const socket = await open(plain)
    const text = 'x'.repeat(4 * 1024 * 1024)
    socket.send(text)
    equal(socket.bufferedAmount > 0, true)
    const answered = next(socket, 'message')
    await drained(socket)
    equal((await answered).data === text, true)
    await close(socket)
  },

  // On some versions of Node.js long text is encoded and decoded by WebAssembly.
  async 'exchanges text of all widths, more than half a MiB'() {
    const socket = await open(plain)
    for (let count = 0; count < 16; count++) {
      const text = `${count}${'a\u00e9\u20ac\u{1d11e}'.repeat(4096)}`
      socket.send(text)
      equal((await next(socket, 'message')).data === text, true)
    }
    await close(socket)
  },

  async 'makes each event a task of its own'() {
    const socket = new WebSocket(`${plain}burst`)
    const log: string[] = []
    for (const type of ['open', 'message']) {
      socket.addEventListener(type, (event: { data?: string }) => {
        const name = event.data ?? type
        log.push(name)
        Promise.resolve().then(() => Promise.resolve().then(() => log.push(`${name} done`)))
      })
    }
    for (let count = 0; count < 10; count++) await next(socket, 'message')
    await close(socket)
    const names = ['open', ...Array.from({ length: 10 }, (_, index) => String(index))]
    equal(
      log,
      names.flatMap(name => [name, `${name} done`]),
    )
  },

  async 'runs listeners in the async context of their own socket'() {
    const storage = new AsyncLocalStorage<string>()
    const wrong: string[] = []
    const counts = ['a', 'b'].map(name =>
      storage.run(name, async () => {
        const socket = await open(plain)
        const note = (): void => {
          if (storage.getStore() !== name) wrong.push(`${name} in the context of ${storage.getStore()}`)
        }
        for (const type of ['message', 'close']) socket.addEventListener(type, note)
        for (let count = 0; count < 1000; count++) socket.send(String(count))
        for (let count = 0; count < 1000; count++) await next(socket, 'message')
        return socket
      }),
    )
    for (const socket of await Promise.all(counts)) await close(socket)
    equal(wrong, [])
  },

  async 'works while a test has replaced the functions of time'() {
    const host = globalThis as unknown as Record<string, unknown>
    const names = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'queueMicrotask']
    const real = names.map(name => host[name])
    for (const name of names) host[name] = () => ({})
    try {
      const socket = await open(plain)
      socket.send('text')
      equal((await next(socket, 'message')).data, 'text')
      await ping(socket)
      await close(socket)
      const other = await open(plain)
      terminate(other)
      await next(other, 'close')
    } finally {
      for (const [index, name] of names.entries()) host[name] = real[index]
    }
  },

  async pings() {
    const socket = await open(plain)
    equal((await ping(socket, 'hello')) >= 0, true)
    await close(socket)
  },

  async 'speaks TLS, with an authority of its own'() {
    const socket = await open(secure, { tls: { ca: authority } })
    socket.send('secret')
    equal((await next(socket, 'message')).data, 'secret')
    await close(socket)
  },

  async 'refuses a certificate that nobody vouches for'() {
    const socket = new WebSocket(secure)
    const { code } = await next(socket, 'close')
    const error = failure(socket)
    equal([code, error?.code, error?.cause instanceof Error], [1006, 'WS_ERR_TLS', true])
  },

  async 'takes over TLS whom the certificate is for, and nobody else, be it a name or an address'() {
    const ca = tlsServers.authority
    const got: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    const cases: [host: string, subject: string, servername: string | undefined][] = []
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      for (const subject of Object.keys(tlsServers.ports)) {
        for (const servername of [undefined, 'localhost', 'other.test']) cases.push([host, subject, servername])
      }
    }
    cases.push(['localhost.', 'localhost', undefined], ['localhost', 'localhost', 'localhost.'])
    for (const [host, subject, servername] of cases) {
      const name = (servername ?? host.replace(/[[\]]/g, '')).replace(/\.$/, '')
      const label = `${host}, certificate for ${subject}, servername ${servername}`
      wanted[label] = name !== subject ? 'ERR_TLS_CERT_ALTNAME_INVALID' : /[a-z]/.test(name) ? name : 'no name'
      got[label] = await tlsOutcome(`wss://${host}:${tlsServers.ports[subject]}/`, {
        ca,
        ...(servername && { servername }),
      })
    }
    equal(got, wanted)
  },

  async 'speaks HTTP/2, be it with a name or an address'() {
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `wss://${host}:${tlsServers.http2Port}/`
      const socket = await open(url, { http2: 'only', tls: { ca: tlsServers.authority } })
      socket.send('over HTTP/2')
      equal([handshake(socket)?.http, (await next(socket, 'message')).data], ['2', 'over HTTP/2'])
      await close(socket)
    }
  },

  async 'fails if the host would ignore an option of TLS'() {
    const url = `wss://localhost:${tlsServers.ports.localhost}/`
    const names = 'Deno' in globalThis ? ['crl', 'ciphers', 'sigalgs', 'ecdhCurve', 'pskCallback', 'secureOptions'] : []
    if (process.versions.bun !== undefined) names.push('pskCallback')
    for (const name of names) {
      const value = name === 'pskCallback' ? () => null : name === 'secureOptions' ? 0 : 'text'
      const socket = new WebSocket(url, { tls: { ca: tlsServers.authority, [name]: value } })
      await next(socket, 'close')
      equal([failure(socket)?.code, failure(socket)?.message.includes(`"tls.${name}"`)], ['WS_ERR_CONNECT', true])
    }
  },

  async 'trusts the authorities that the process trusts by now'() {
    const host = nodeTls as {
      setDefaultCACertificates?(list: string[]): void
      getCACertificates?(type: string): string[]
    }
    if (host.setDefaultCACertificates === undefined) return
    const url = `wss://localhost:${tlsServers.ports.localhost}/`
    const before = host.getCACertificates!('default')
    equal(await tlsOutcome(url, {}), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    host.setDefaultCACertificates([...before, tlsServers.authority])
    equal(await tlsOutcome(url, {}), 'localhost')
    host.setDefaultCACertificates(before)
    equal(await tlsOutcome(url, {}), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  },

  async 'tells why a handshake was refused'() {
    const socket = new WebSocket(`${plain}refuse`)
    await next(socket, 'close')
    equal([failure(socket)?.code, handshake(socket)?.status], ['WS_ERR_UNEXPECTED_STATUS', 401])
  },

  async 'tells why there is no connection'() {
    const socket = new WebSocket('ws://127.0.0.1:2/')
    await next(socket, 'close')
    equal(
      [failure(socket)?.code, (failure(socket)?.cause as { code?: string })?.code],
      ['WS_ERR_CONNECT', 'ECONNREFUSED'],
    )
  },

  async 'notices a peer that vanishes'() {
    const socket = new WebSocket(`${plain}vanish`)
    equal((await next(socket, 'close')).code, 1006)
    equal(failure(socket)?.code, 'WS_ERR_CONNECTION_LOST')
  },

  async terminates() {
    const socket = await open(plain)
    terminate(socket)
    equal((await next(socket, 'close')).code, 1006)
  },

  async 'can be aborted while it connects'() {
    const controller = new AbortController()
    const socket = new WebSocket(plain, { signal: controller.signal })
    controller.abort()
    await next(socket, 'close')
    equal(failure(socket)?.code, 'WS_ERR_ABORTED')
  },

  async 'is installed as the global'() {
    const { install } = await import('whatwg-websocket')
    install(globalThis, { override: true })
    const host = globalThis as { WebSocket?: unknown; CloseEvent?: new (type: string) => unknown }
    equal([host.WebSocket === WebSocket, new host.CloseEvent!('close') instanceof Event], [true, true])
  },
}

/** Rejects after 10 seconds, so that a check that hangs is reported by name. */
async function limited(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('nothing happened for 10 s')), 10_000)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

for (const [name, check] of Object.entries(checks)) {
  try {
    await limited(check())
    console.log(`ok    ${name}`)
  } catch (error) {
    console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
// No process.exit(): a socket that was left open keeps the process alive, which the parent reports.
console.log('done')
