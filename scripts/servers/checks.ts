import { failure, handshake, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'

/** A running server, as the checks see it. */
export interface Target {
  readonly port: number
  readonly tlsPort: number
  readonly paths: { readonly echo: string; readonly refused: string; readonly redirect: string }
  /** The authority of its certificate, PEM. */
  readonly authority: string
  /** See `Row`. */
  readonly answersClose?: false | undefined
  /** What a check opens its connections with, unless it is about that. */
  readonly options?: WebSocketOptions
  /** Ends its process, without a chance to close anything. */
  kill(): Promise<void>
}

/** Each throws if something is not as it should be; a string tells more than that it is. In this order. */
export interface Checks {
  text(target: Target): Promise<string | undefined>
  binary(target: Target): Promise<string | undefined>
  subprotocol(target: Target): Promise<string | undefined>
  large(target: Target): Promise<string | undefined>
  fragments(target: Target): Promise<string | undefined>
  compression(target: Target): Promise<string | undefined>
  burst(target: Target): Promise<string | undefined>
  close(target: Target): Promise<string | undefined>
  refusal(target: Target): Promise<string | undefined>
  redirect(target: Target): Promise<string | undefined>
  wss(target: Target): Promise<string | undefined>
  /** For rows with `http2`. */
  http2(target: Target): Promise<string | undefined>
  drop(target: Target): Promise<string | undefined>
}

/** Messages of a burst. */
const BURST = 200

export const checks: Checks = {
  async text(target) {
    const session = await open(target)
    for (const text of ['a', 'Grüße, 🐘', 'x'.repeat(70_000)]) equal(await session.echo(text), text)
    await session.close()
    return undefined
  },

  async binary(target) {
    const session = await open(target)
    for (const size of [1, 126, 70_000]) equalBytes(await session.echo(bytes(size)), bytes(size))
    await session.close()
    return undefined
  },

  async subprotocol(target) {
    const session = await open(target, { protocols: ['other', 'echo'] })
    equal(session.socket.protocol, 'echo')
    equal(await session.echo('text'), 'text')
    await session.close()
    return undefined
  },

  async large(target) {
    const session = await open(target)
    equalBytes(await session.echo(bytes(1 << 20)), bytes(1 << 20))
    await session.close()
    return undefined
  },

  async fragments(target) {
    const session = await open(target)
    const text = `fragments ${'Grüße '.repeat(1000)}`
    equal(await session.echo(text), text)
    await session.close()
    return undefined
  },

  async compression(target) {
    const session = await open(target, { perMessageDeflate: { threshold: 0 } })
    if (!session.socket.extensions.startsWith('permessage-deflate')) throw new Error('it does not agree to it')
    for (const text of ['', 'Grüße '.repeat(20_000), 'Grüße '.repeat(20_000)]) equal(await session.echo(text), text)
    await session.close()
    const plain = await open(target, { perMessageDeflate: false })
    equal(plain.socket.extensions, '')
    equal(await plain.echo('text'), 'text')
    await plain.close()
    return undefined
  },

  async burst(target) {
    const session = await open(target)
    const received: unknown[] = []
    const all = new Promise<void>(resolve => {
      session.socket.onmessage = ({ data }) => received.push(data) === BURST && resolve()
    })
    for (let index = 0; index < BURST; index++) session.socket.send(`message ${index}`)
    await Promise.race([all, session.closed])
    equal(received.join(), Array.from({ length: BURST }, (_, index) => `message ${index}`).join())
    for (let index = 0; index < BURST; index++) session.socket.send(`message ${index}`)
    await session.close()
    return undefined
  },

  async close(target) {
    const session = await open(target)
    const received: unknown[] = []
    session.socket.onmessage = ({ data }) => received.push(data)
    session.socket.send('close')
    const { code, reason, wasClean } = await session.closed
    equal(received.join(), Array.from({ length: 100 }, (_, index) => `last ${index}`).join())
    equal(`${code} ${reason} ${wasClean}`, '4001 as you wish true')
    return undefined
  },

  async refusal(target) {
    const { socket, closed } = start(target, target.paths.refused)
    const { code } = await closed
    equal(code, 1006)
    equal(failure(socket)?.code, 'WS_ERR_UNEXPECTED_STATUS')
    const { status } = handshake(socket)!
    if (status < 400) throw new Error(`the status is ${status}`)
    return undefined
  },

  async redirect(target) {
    const { socket, closed } = start(target, target.paths.redirect)
    equal((await closed).code, 1006)
    const { status, headers } = handshake(socket)!
    if (status < 300 || status > 399) throw new Error(`the status is ${status}`)
    if (!headers.some(([name]) => name.toLowerCase() === 'location')) throw new Error('there is no Location')
    return undefined
  },

  async wss(target) {
    return checkTls(target, bytes(1 << 20))
  },

  async http2(target) {
    const options = { tls: { ca: target.authority }, http2: 'only', protocols: ['echo'] } as const
    const origin = `wss://localhost:${target.tlsPort}`
    const sessions = await Promise.all(Array.from({ length: 5 }, () => open(target, options, origin)))
    await Promise.all(
      sessions.map(async (session, index) => {
        equal(handshake(session.socket)!.http, '2')
        equal(session.socket.protocol, 'echo')
        equal(await session.echo(`text ${index} Grüße`), `text ${index} Grüße`)
        equalBytes(await session.echo(bytes(70_000)), bytes(70_000))
      }),
    )
    const [first] = sessions
    equalBytes(await first!.echo(bytes(1 << 20)), bytes(1 << 20))
    const { socket, closed } = start(target, target.paths.refused, options, origin)
    equal((await closed).code, 1006)
    equal(failure(socket)?.code, 'WS_ERR_UNEXPECTED_STATUS')
    equal(handshake(socket)!.http, '2')
    await Promise.all(sessions.map(session => session.close()))
    return undefined
  },

  async drop(target) {
    const session = await open(target)
    await target.kill()
    const { code, wasClean } = await session.closed
    equal(`${code} ${wasClean}`, '1006 false')
    return undefined
  },
}

/** Opens a connection with the right name, which echoes this message, and one with a name that the certificate has not. */
export async function checkTls(target: Target, message: string | Uint8Array<ArrayBuffer>): Promise<undefined> {
  const options = { tls: { ca: target.authority } }
  const right = await open(target, options, `wss://localhost:${target.tlsPort}`)
  const back = await right.echo(message)
  if (typeof message === 'string') equal(back, message)
  else equalBytes(back, message)
  await right.close()
  return checkWrongName(target)
}

/** Opens a connection with a name that the certificate has not. */
export async function checkWrongName(target: Target): Promise<undefined> {
  const options = { tls: { ca: target.authority } }
  const wrong = start(target, target.paths.echo, options, `wss://127.0.0.1:${target.tlsPort}`)
  equal((await wrong.closed).code, 1006)
  const { code, cause } = failure(wrong.socket)!
  equal(`${code} ${(cause as { code?: unknown }).code}`, 'WS_ERR_TLS ERR_TLS_CERT_ALTNAME_INVALID')
}

export interface Session {
  readonly socket: WebSocket
  readonly closed: Promise<CloseEventLike>
  /** Sends a message and gives the next one that comes. */
  echo(message: string | Uint8Array<ArrayBuffer>): Promise<string | ArrayBuffer>
  /** The next message. */
  next(): Promise<string | ArrayBuffer>
  /** Closes, and checks that the server does. */
  close(): Promise<void>
}

interface CloseEventLike {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

type Started = Pick<Session, 'socket' | 'closed'>

function start(
  { port, options: defaults }: Target,
  path: string,
  options?: WebSocketOptions,
  origin = `ws://127.0.0.1:${port}`,
): Started {
  const socket = new WebSocket(`${origin}${path}`, { ...defaults, ...options })
  socket.binaryType = 'arraybuffer'
  return { socket, closed: new Promise(resolve => socket.addEventListener('close', resolve)) }
}

/** Opens a connection to where the server echoes. */
export async function open(target: Target, options?: WebSocketOptions, origin?: string): Promise<Session> {
  const { socket, closed } = start(target, target.paths.echo, options, origin)
  const early = closed.then(({ code, reason }) => {
    throw failure(socket) ?? new Error(`the server closes with ${code} ${reason}`)
  })
  // Nobody may be waiting for a message when it closes.
  early.catch(() => {})
  await Promise.race([early, new Promise(resolve => socket.addEventListener('open', resolve))])
  const next = (): Promise<string | ArrayBuffer> => {
    const message = new Promise<string | ArrayBuffer>(resolve => {
      socket.addEventListener('message', event => resolve(event.data as string | ArrayBuffer), { once: true })
    })
    return Promise.race([early, message])
  }
  return {
    socket,
    closed,
    next,
    echo(message) {
      const answer = next()
      socket.send(message)
      return answer
    },
    async close() {
      socket.close(1000, 'done')
      const { code, wasClean } = await closed
      const { answersClose = true } = target
      if (code !== (answersClose ? 1000 : 1006) || wasClean !== answersClose)
        throw failure(socket) ?? new Error(`it closes with ${code}`)
    },
  }
}

export function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${short(actual)} instead of ${short(expected)}`)
}

function short(value: unknown): string {
  const text = String(value)
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text
}

export function bytes(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => (index * 167 + (index >> 8)) & 255)
}

export function equalBytes(actual: string | ArrayBuffer, expected: Uint8Array): void {
  if (typeof actual === 'string') throw new Error('text instead of binary')
  if (Buffer.compare(new Uint8Array(actual), expected) !== 0) {
    throw new Error(`${actual.byteLength} bytes that differ from the ${expected.length} expected`)
  }
}
