import { drained, failure, handshake, ping, terminate, WebSocket, WebSocketStream } from 'whatwg-websocket'

/*
 * The program that runs in workerd, which has no standard output: it answers a request with the lines that `client.ts` prints. The
 * request has the URLs of the servers.
 */

function next(socket: WebSocket, type: string): Promise<any> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(type, resolve, { once: true })
    if (type === 'close') return
    socket.addEventListener('close', () => reject(failure(socket) ?? new Error('The socket was closed')), {
      once: true,
    })
  })
}

function equal(actual: unknown, wanted: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`)
  }
}

async function open(url: string, protocols: readonly string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols)
  await next(socket, 'open')
  return socket
}

async function close(socket: WebSocket): Promise<void> {
  const closed = next(socket, 'close')
  socket.close(3000, 'done')
  const { code, reason, wasClean } = await closed
  equal([code, reason, wasClean], [3000, 'done', true])
}

const checks: Readonly<Record<string, (plain: string, secure: string) => Promise<void>>> = {
  async 'exchanges text, binary data and Blobs'(plain) {
    const socket = await open(plain, ['first', 'second'])
    equal([socket.protocol, socket.readyState, socket.binaryType], ['second', 1, 'blob'])
    socket.send('Grüße 👋')
    equal((await next(socket, 'message')).data, 'Grüße 👋')
    socket.binaryType = 'arraybuffer'
    for (const data of [new Blob(['abc']), Uint8Array.of(97, 98, 99)]) {
      socket.send(data)
      equal([...new Uint8Array((await next(socket, 'message')).data)], [97, 98, 99])
    }
    await close(socket)
  },

  async 'exchanges a message of 4 MiB'(plain) {
    const socket = await open(plain)
    const text = 'x'.repeat(4 * 1024 * 1024)
    socket.send(text)
    const answered = next(socket, 'message')
    await drained(socket)
    equal((await answered).data === text, true)
    await close(socket)
  },

  async 'has a WebSocketStream'(plain) {
    const { opened, closed } = new WebSocketStream(plain)
    const { readable, writable } = await opened
    const writer = writable.getWriter()
    await writer.write('text')
    equal((await readable.getReader().read()).value, 'text')
    await writer.close()
    equal((await closed).closeCode, 1005)
  },

  async pings(plain) {
    const socket = await open(plain)
    equal((await ping(socket, 'hello')) >= 0, true)
    await close(socket)
  },

  async 'speaks TLS'(_plain, secure) {
    const socket = await open(secure)
    socket.send('secret')
    equal((await next(socket, 'message')).data, 'secret')
    await close(socket)
  },

  async 'refuses a certificate for another name'(_plain, secure) {
    const socket = new WebSocket(secure.replace('//localhost', '//[::ffff:127.0.0.1]'))
    const { code } = await next(socket, 'close')
    equal([code, failure(socket)?.code], [1006, 'WS_ERR_CONNECT'])
  },

  async 'tells why a handshake was refused'(plain) {
    const socket = new WebSocket(`${plain}refuse`)
    await next(socket, 'close')
    equal([failure(socket)?.code, handshake(socket)?.status], ['WS_ERR_UNEXPECTED_STATUS', 401])
  },

  async 'tells why there is no connection'() {
    const socket = new WebSocket('ws://127.0.0.1:2/')
    await next(socket, 'close')
    equal(failure(socket)?.code, 'WS_ERR_CONNECT')
  },

  async 'notices a peer that vanishes'(plain) {
    const socket = new WebSocket(`${plain}vanish`)
    equal((await next(socket, 'close')).code, 1006)
    equal(failure(socket)?.code, 'WS_ERR_CONNECTION_LOST')
  },

  async terminates(plain) {
    const socket = await open(plain)
    terminate(socket)
    equal((await next(socket, 'close')).code, 1006)
  },
}

/** Rejects after 10 seconds, so that a check that hangs is reported by name. */
function limited(work: Promise<void>): Promise<void> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('nothing happened for 10 s')), 10_000)
  })
  return Promise.race([work, late])
}

export default {
  async fetch({ url }: { readonly url: string }): Promise<Response> {
    const { searchParams } = new URL(url)
    const lines: string[] = []
    for (const [name, check] of Object.entries(checks)) {
      try {
        await limited(check(searchParams.get('plain')!, searchParams.get('secure')!))
        lines.push(`ok    ${name}`)
      } catch (error) {
        lines.push(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return new Response([...lines, 'done'].join('\n'))
  },
}
