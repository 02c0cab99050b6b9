/**
 * One sequence of checks through the proxies, in the runtime that runs this: prints a line of JSON for each check. The argument is the
 * world that main.ts has started.
 */
import process from 'node:process'
import { failure, handshake, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'

/** What there is to go through, and where to. */
export interface World {
  readonly proxies: readonly {
    readonly name: string
    readonly schemes: readonly string[]
    /** Host and port. */
    readonly place: string
    readonly password: boolean
  }[]
  /** Echo servers: over IPv4 and IPv6, without and with TLS. */
  readonly servers: readonly string[]
  /** An echo server of HTTP/2, whose field `x-session` tells its connections apart. */
  readonly http2: string
  readonly authority: string
  readonly user: string
  readonly secret: string
}

export interface Line {
  readonly proxy: string
  readonly check: string
  /** Undefined if the check passed. */
  readonly problem?: string
}

const world = JSON.parse(process.argv.at(-1)!) as World
const trust = { ca: world.authority }

/** Has messages of several sizes come back. Returns the name of the HTTP/2 connection. */
async function exchange(url: string, options: WebSocketOptions): Promise<string | undefined> {
  const socket = new WebSocket(url, { ...options, handshakeTimeout: 10_000 })
  await new Promise<void>((resolve, reject) => {
    const sizes = [1, 1000, 70_000, 1_000_000]
    const send = (): void => {
      const size = sizes.shift()
      if (size === undefined) socket.close(1000)
      else socket.send('x'.repeat(size))
    }
    socket.onopen = send
    socket.onmessage = send
    socket.onclose = ({ code }) => {
      if (code === 1000 && sizes.length === 0) resolve()
      else reject(failure(socket) ?? new Error(`closed with ${code}`))
    }
  })
  const { proxy } = options
  if (typeof proxy === 'object' && 'url' in proxy && handshake(socket)?.proxy === undefined) {
    throw new Error('it did not go through the proxy')
  }
  return handshake(socket)?.headers.find(([header]) => header === 'x-session')?.[1]
}

/** Has sockets exchange messages at the same time, over one HTTP/2 connection. */
async function share(options: WebSocketOptions): Promise<void> {
  const sessions = await Promise.all(
    [1, 2, 3].map(() => exchange(world.http2, { ...options, http2: 'only', connectInParallel: true })),
  )
  const [first] = sessions
  if (first === undefined || sessions.some(session => session !== first)) {
    throw new Error(`the sockets came over the connections ${sessions.join()}`)
  }
}

async function refusal(url: string, options: WebSocketOptions): Promise<string> {
  const socket = new WebSocket(url, { ...options, handshakeTimeout: 10_000 })
  await new Promise(resolve => {
    socket.onclose = resolve
  })
  const error = failure(socket)
  if (error === undefined) return 'nothing failed'
  if (error.message.includes('wrong') || error.message.includes(world.secret)) return 'the message has the password'
  return `${error.code} ${error.step} ${error.response?.status ?? ''}`.trim()
}

async function report(proxy: string, check: string, run: () => Promise<unknown>): Promise<void> {
  let problem: string | undefined
  try {
    await run()
  } catch (error) {
    problem = (error as Error).message
  }
  console.log(JSON.stringify({ proxy, check, ...(problem !== undefined && { problem }) } satisfies Line))
}

for (const { name, schemes, place, password } of world.proxies) {
  for (const scheme of schemes) {
    const through = (credentials: string): WebSocketOptions => {
      return { proxy: { url: `${scheme}://${credentials}${place}`, tls: trust }, tls: trust }
    }
    const right = password ? `${world.user}:${world.secret}@` : ''
    for (const server of world.servers) {
      if (scheme === 'socks4' && server.includes('[')) continue
      await report(name, `${scheme} to ${server.replace(/:\d+.*/, '')}`, () => exchange(server, through(right)))
    }
    await report(name, `${scheme}, HTTP/2`, () => share(through(right)))
    if (password) {
      const wanted = scheme.startsWith('http') ? 'WS_ERR_PROXY_REFUSED proxy 407' : 'WS_ERR_PROXY_REFUSED proxy'
      // tinyproxy tells apart whether credentials are missing, 407, or wrong, 401.
      const accepted = name.startsWith('tinyproxy') ? [wanted, wanted.replace('407', '401')] : [wanted]
      for (const credentials of ['', `${world.user}:wrong@`]) {
        await report(name, `${scheme}, ${credentials === '' ? 'no' : 'a wrong'} password`, async () => {
          const told = await refusal(world.servers[0]!, through(credentials))
          if (!accepted.includes(told)) throw new Error(`${told}, and not ${wanted}`)
        })
      }
    }
  }
}
