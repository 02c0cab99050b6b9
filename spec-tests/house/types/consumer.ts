// What a user writes, in every project below: so it uses nothing but the language and this package.
import DefaultWebSocket, {
  type BinaryType,
  CloseEvent,
  type CloseEventInit,
  ConnectionError,
  configured,
  drained,
  type FailureCode,
  failure,
  type HandshakeResponse,
  handshake,
  install,
  MessageEvent,
  type Pipe,
  type PipeSink,
  ping,
  ref,
  terminate,
  unref,
  WebSocket,
  type WebSocketConstructor,
  type WebSocketInit,
  type WebSocketOptions,
  type WsOptions,
} from 'whatwg-websocket'
import 'whatwg-websocket/polyfill'

/** Compiles only if both types are the same. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
export const checks: { readonly [name: string]: true } = {
  binaryType: true satisfies Same<WebSocket['binaryType'], 'blob' | 'arraybuffer'>,
  // The literal, or `number` with the types of Node.js, as its own class has it.
  open: true satisfies Same<(typeof WebSocket)['OPEN'], 1> | Same<(typeof WebSocket)['OPEN'], number>,
  closed: true satisfies Same<WebSocket['CLOSED'], 3> | Same<WebSocket['CLOSED'], number>,
  code: true satisfies Same<CloseEvent['code'], number>,
  failure: true satisfies Same<ReturnType<typeof failure>, ConnectionError | undefined>,
  ping: true satisfies Same<ReturnType<typeof ping>, Promise<number>>,
  drained: true satisfies Same<ReturnType<typeof drained>, Promise<void>>,
  handshake: true satisfies Same<ReturnType<typeof handshake>, HandshakeResponse | undefined>,
  default: true satisfies Same<typeof DefaultWebSocket, typeof WebSocket>,
}

class OwnPipe implements Pipe {
  start(sink: PipeSink): void {
    sink.data(new Uint8Array(1))
    sink.close()
  }
  write(bytes: Uint8Array, more: boolean): boolean {
    return bytes.length > 0 && more
  }
  end(): void {}
  abort(_reason?: unknown): void {}
  pause(): void {}
  resume(): void {}
}

export const options: WebSocketOptions = {
  protocols: ['chat'],
  headers: { 'x-one': '1', 'x-two': ['2', '3'] },
  origin: 'https://own.test',
  baseURL: 'https://base.test/',
  handshakeTimeout: 1000,
  connectInParallel: true,
  closeTimeout: 1000,
  heartbeat: { interval: 1000, timeout: 500 },
  maxPayload: 1024,
  maxFragments: 0,
  perMessageDeflate: { threshold: 100 },
  tls: { ca: ['pem', new Uint8Array(1)], rejectUnauthorized: true, minVersion: 'TLSv1.3', servername: 'name.test' },
  connect: async ({ host, port, secure, signal }) => {
    if (signal.aborted || secure || host === '' || port === 0) throw new Error('no')
    return new OwnPipe()
  },
}
export const more: WebSocketOptions[] = [
  { headers: [['a', 'b']], baseURL: { href: 'wss://base.test/' }, heartbeat: false, connect: new OwnPipe() },
  { protocols: new Set(['a']), headers: new Map([['a', 'b']]), targetAddressSpace: 'local' },
  { headers: { 'user-agent': null, 'x-absent': undefined } },
]

export const standard: WebSocketInit = { protocols: ['chat'], targetAddressSpace: 'loopback' }
export const wsOptions: WsOptions = {
  headers: { 'x-number': 5, 'x-absent': undefined, 'x-removed': null },
  origin: 'https://own.test',
  handshakeTimeout: 1000,
  maxPayload: 1024,
  perMessageDeflate: { threshold: 1024, zlibDeflateOptions: { level: 6 }, concurrencyLimit: 10 },
  ca: 'pem',
  rejectUnauthorized: false,
  followRedirects: false,
  protocolVersion: 13,
}

export function use(Class: WebSocketConstructor): void {
  const sockets: WebSocket[] = [
    new Class('wss://host.test/'),
    new Class('wss://host.test/', 'chat'),
    new Class('wss://host.test/', ['chat']),
    new Class('wss://host.test/', options),
    new Class('wss://host.test/', standard),
    new Class('wss://host.test/', null, wsOptions),
    new Class('wss://host.test/', ['chat'], { headers: { Authorization: 'Bearer token' } }),
    new Class('wss://host.test/', undefined, { heartbeat: { interval: 1000 } }),
  ]
  const socket = sockets[0]!
  socket.onopen = function () {
    this.send('text')
  }
  socket.onmessage = event => {
    const origin: string = event.origin
    const data: string | ArrayBuffer = event.data
    socket.send(origin + String(data))
  }
  socket.onclose = ({ code, reason, wasClean }) => `${code + 1}${reason.length}${wasClean ? 1 : 0}`
  socket.onerror = ({ type }) => type.length
  socket.onerror = null
  socket.addEventListener('close', event => event.code.toFixed())
  socket.addEventListener('message', event => event.data, { once: true })
  socket.addEventListener('own', () => {})
  socket.removeEventListener('close', () => {})
  socket.binaryType = 'arraybuffer' satisfies BinaryType
  socket.send('text')
  socket.send(new Uint8Array(1))
  socket.send(new Uint8Array(1).buffer)
  socket.send(new DataView(new ArrayBuffer(1)))
  socket.close()
  socket.close(1000)
  socket.close(1000, 'reason')

  // @ts-expect-error: no such option
  new Class('wss://host.test/', { maxpayload: 1 })
  // @ts-expect-error: no such option, neither here nor in ws
  new Class('wss://host.test/', [], { maxpayload: 1 })
  // @ts-expect-error: an option of ws that is not supported
  new Class('wss://host.test/', [], { createConnection: () => {} })
  // @ts-expect-error: no such address space
  new Class('wss://host.test/', { targetAddressSpace: 'private' })
  // @ts-expect-error: not a number
  new Class('wss://host.test/', { maxPayload: '1' })
  // @ts-expect-error: no such version
  new Class('wss://host.test/', { tls: { minVersion: 'TLSv1' } })
  // @ts-expect-error: no URL
  new Class(5)
  // @ts-expect-error: an argument is required
  new Class()
  // @ts-expect-error: read-only
  socket.readyState = 1
  // @ts-expect-error: no such type
  socket.binaryType = 'nodebuffer'
  // @ts-expect-error: nothing to send
  socket.send()
  // @ts-expect-error: a number has to be made a string first
  socket.send(5)
  // @ts-expect-error: beside the class, not on it
  socket.ping()
  // @ts-expect-error: no such property
  socket.onclose = event => event.status
  // @ts-expect-error: a code is a number
  socket.close('reason')
}

export async function beside(socket: WebSocket): Promise<FailureCode | undefined> {
  await ping(socket)
  await ping(socket, 'payload')
  await ping(socket, new Uint8Array(1))
  await drained(socket)
  ref(socket)
  unref(socket)
  terminate(socket)
  const response = handshake(socket)
  const names: string[] = response?.headers.map(([name]) => name) ?? []
  if (names.length > 0 && response !== undefined) response.body.at(0)
  const error = failure(socket)
  if (error instanceof ConnectionError && error.code === 'WS_ERR_CONNECT') return error.code
  // @ts-expect-error: no such code
  if (error?.code === 'WS_ERR_WHATEVER') return undefined
  return error?.code
}

install({})
install({}, { override: true })
const Configured = configured({ ...options, binaryType: 'arraybuffer' })
use(Configured)
use(WebSocket)
// @ts-expect-error: no such type
configured({ binaryType: 'nodebuffer' })

export class Own extends WebSocket {
  readonly own: string = 'own'
  override close(): void {
    super.close(3000, this.own)
  }
}
export const own: WebSocket = new Own('ws://host.test/')
export const ready: number = own.readyState
export const state: boolean = own.readyState === WebSocket.OPEN || own.readyState === own.CLOSED

const init: CloseEventInit = { code: 1000, reason: '', wasClean: true, bubbles: false }
export const close: CloseEvent = new CloseEvent('close', init)
export const message: MessageEvent<string> = new MessageEvent('message', { data: 'text', origin: 'wss://host.test' })
export const text: string = message.data
