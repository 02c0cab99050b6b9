import { configured, failure, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import StandIn from '#lib/entry/ws.js'

/*
 * A client whose Object.prototype is polluted: with one name at a time, it opens connections in several ways and prints how
 * each of them ended, a line of JSON for each. The servers tell the connections by their paths: the name, then the way.
 *
 * A connection for each name and way would be 1,300 of them. So each way first connects with accessors in place of values, which tell
 * what is read of Object.prototype at all. Up to the first read of its name, a connection goes as it goes unpolluted: a name that is
 * never read sets nothing. What is read is tried with its value; and in one way, every name is.
 */

export interface Targets {
  readonly ws: string
  /** Its certificate is of an authority that is not trusted by default. */
  readonly wss: string
  /** HTTP/2, with the same certificate. */
  readonly http2: string
  /** That authority, PEM. */
  readonly ca: string
}

export interface Line {
  readonly name: string
  readonly way: string
  /** Absent for a name that no connection of that way has read. */
  readonly outcome?: string
}

/** The way in which each name is tried, read or not: over TCP and TLS, compressed. */
const THOROUGH = 'trusted'
/** How often is looked what a way reads: that may depend on what arrives when. */
const LOOKS = 3

const targets = JSON.parse(process.argv.at(-1)!) as Targets
const { ca } = targets

/** What an attacker would like an option to be: ours, those of `net.connect` and of `tls.connect`, and of what they stand on. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  // Ours.
  protocols: ['evil'],
  baseURL: 'ws://127.0.0.1:1/',
  signal: AbortSignal.abort(),
  headers: { 'x-evil': '1' },
  origin: 'https://evil.test',
  handshakeTimeout: 1,
  closeTimeout: 1,
  maxPayload: 1,
  maxFragments: 1,
  heartbeat: { interval: 1, timeout: 1 },
  interval: 1,
  perMessageDeflate: false,
  threshold: 0,
  level: 9,
  memLevel: 1,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 9,
  tls: { rejectUnauthorized: false },
  connect: () => 'evil',
  binaryType: 'arraybuffer',
  streams: {},
  addresses: [{ address: '127.0.0.1', family: 4 }],
  cause: 'evil',
  closeCode: 1000,
  lowest: 1e9,
  highest: 0,
  fallback: 1,
  // Of net.connect and dns.lookup.
  host: '127.0.0.9',
  hostname: '127.0.0.9',
  port: 1,
  path: '/evil.sock',
  localAddress: '127.0.0.9',
  localPort: 1,
  family: 6,
  hints: 4,
  lookup: (...given: unknown[]) => failLookup(given.at(-1)),
  all: false,
  order: 'evil',
  verbatim: 'evil',
  autoSelectFamily: false,
  autoSelectFamilyAttemptTimeout: 10,
  fd: 0,
  handle: {},
  timeout: 1,
  keepAlive: true,
  keepAliveInitialDelay: 1,
  noDelay: false,
  allowHalfOpen: false,
  pauseOnCreate: true,
  onread: { buffer: new Uint8Array(1), callback: () => false },
  highWaterMark: 0,
  once: 1,
  capture: true,
  passive: true,
  // Of TLS.
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
  minDHSize: 1,
  ca,
  cert: 'evil',
  key: 'evil',
  pfx: 'evil',
  passphrase: 'evil',
  crl: 'evil',
  ciphers: 'NULL',
  ecdhCurve: 'evil',
  sigalgs: 'evil',
  dhparam: 'auto',
  minVersion: 'TLSv9',
  maxVersion: 'TLSv9',
  secureProtocol: 'evil',
  secureOptions: 4,
  secureContext: {},
  sessionIdContext: 'evil',
  sessionTimeout: 'evil',
  socket: {},
  servername: 'evil.test',
  SNICallback: 1,
  ALPNProtocols: ['evil'],
  ALPNCallback: 1,
  pskCallback: () => null,
  requestCert: true,
  requestOCSP: true,
  isServer: true,
  server: {},
  enableTrace: 1,
  honorCipherOrder: true,
  clientCertEngine: 'evil',
  privateKeyEngine: 'evil',
  privateKeyIdentifier: 'evil',
  allowPartialTrustChain: true,
  // Of node:http2.
  createConnection: () => 'evil',
  settings: { maxFrameSize: 1 },
  initialWindowSize: 0,
  headerTableSize: 0,
  maxFrameSize: 1,
  maxConcurrentStreams: 0,
  maxHeaderListSize: 0,
  enablePush: 'evil',
  enableConnectProtocol: 'evil',
  customSettings: 'evil',
  maxSessionMemory: 1,
  maxDeflateDynamicTableSize: 1,
  maxHeaderListPairs: 1,
  maxOutstandingPings: 0,
  maxSendHeaderBlockLength: 1,
  paddingStrategy: 'evil',
  peerMaxConcurrentStreams: 0,
  protocol: 'evil:',
  endStream: true,
  weight: 'evil',
  parent: 3,
  exclusive: true,
  waitForTrailers: true,
  again: true,
  // Of zlib.
  dictionary: new Uint8Array(1),
  chunkSize: 1,
  windowBits: 1,
  strategy: 99,
  finishFlush: 99,
  flush: 99,
  maxOutputLength: 1,
  // Of the Streams Standard.
  type: 'bytes',
  autoAllocateChunkSize: 1,
  preventCancel: true,
  mode: 'byob',
}

/** Node.js itself calls it as a listener, too, with other arguments. */
function failLookup(callback: unknown): void {
  if (typeof callback === 'function') callback(new Error('evil'))
}

/** What node:http2 takes from there nevertheless: it makes its streams out of objects of its own that inherit from there. */
const UNSHIELDED: Readonly<Record<string, ReadonlySet<string>>> = {
  http2: new Set(['headers', 'signal']),
}

let opened = 0

/** The ways to open a connection. */
const WAYS: Readonly<Record<string, (path: string) => Promise<string>>> = {
  plain: path => outcomeOf(new WebSocket(`${targets.ws}${path}`)),
  'empty options': path => outcomeOf(new WebSocket(`${targets.ws}${path}`, { perMessageDeflate: {}, headers: {} })),
  configured: path =>
    outcomeOf(new (configured({ perMessageDeflate: {} }))(`${targets.ws}${path}`, { heartbeat: { interval: 9999 } })),
  stream: path => outcomeOfStream(`${targets.ws}${path}`),
  trusted: path => outcomeOf(new WebSocket(`${targets.wss}${path}`, { tls: { ca } })),
  // Each with other options of TLS, since a connection is shared otherwise.
  http2: path =>
    outcomeOf(new WebSocket(`${targets.http2}${path}`, { http2: 'only', tls: { ca: ca + '\n'.repeat(++opened) } })),
  untrusted: path => outcomeOf(new WebSocket(`${targets.wss}${path}`, { tls: {} })),
  'stand-in': path => outcomeOfStandIn(new StandIn(`${targets.ws}${path}`)),
  'stand-in, trusted': path => outcomeOfStandIn(new StandIn(`${targets.wss}${path}`, { ca, perMessageDeflate: {} })),
  'stand-in, untrusted': path => outcomeOfStandIn(new StandIn(`${targets.wss}${path}`, {})),
}

function outcomeOf(socket: WebSocket): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    // Longer than a message is before it is compressed.
    socket.onopen = () => socket.send('x'.repeat(200))
    socket.onmessage = ({ data }) => {
      text = `${typeof data} ${data.length}`
      socket.close(1000)
    }
    socket.onclose = ({ code }) => resolve(`${text} ${code} ${codeOf(failure(socket)?.cause ?? failure(socket))}`)
  })
}

function outcomeOfStandIn(socket: StandIn): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    socket.on('open', () => socket.send('x'.repeat(200)))
    socket.on('message', (data: Uint8Array, isBinary: boolean) => {
      text = `${isBinary} ${data.length}`
      socket.close(1000)
    })
    socket.on('error', (error: Error) => {
      text = codeOf(error)
    })
    socket.on('close', (code: number) => resolve(`${text} ${code}`))
  })
}

async function outcomeOfStream(url: string): Promise<string> {
  try {
    const stream = new WebSocketStream(url)
    const { readable, writable } = await stream.opened
    await writable.getWriter().write('x'.repeat(200))
    for await (const message of readable) {
      stream.close({ closeCode: 1000 })
      return `stream ${message.length} ${(await stream.closed).closeCode}`
    }
    return 'the end'
  } catch (error) {
    return `failed ${error}`
  }
}

function codeOf(error: unknown): string {
  return error === undefined ? '' : String((error as { code?: unknown }).code ?? error)
}

async function main(): Promise<void> {
  for (const way of Object.keys(WAYS)) {
    await run('', way)
    const read = new Set<string>()
    for (let look = 1; look <= LOOKS; look++) await run(`look-${look}`, way, () => observeReads(read))
    for (const [name, value] of Object.entries(HOSTILE)) {
      if (UNSHIELDED[way]?.has(name)) continue
      if (way === THOROUGH || read.has(name)) await run(name, way, () => pollute(Object.prototype, name, value))
      else print({ name, way })
    }
    await run('0', way, () => pollute(Array.prototype, '0', 'evil'))
  }
}

/** Opens a connection with something done to a prototype, and prints how it ended. */
async function run(name: string, way: string, change: () => Undo = () => () => {}): Promise<void> {
  const undo = change()
  let outcome: string
  try {
    outcome = await WAYS[way]!(`${encodeURIComponent(name)}/${encodeURIComponent(way)}`)
  } catch (error) {
    outcome = `threw ${error}`
  }
  undo()
  print({ name, way, outcome })
}

type Undo = () => void

function pollute(prototype: object, name: string, value: unknown): Undo {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  return () => void Reflect.deleteProperty(prototype, name)
}

/** Puts all names on Object.prototype, without values, and notes those that are read. What is set becomes a property, as usual. */
function observeReads(read: Set<string>): Undo {
  const names = Object.keys(HOSTILE)
  for (const name of names) {
    Object.defineProperty(Object.prototype, name, {
      configurable: true,
      get() {
        read.add(name)
        return undefined
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
      },
    })
  }
  return () => {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
  }
}

function print(line: Line): void {
  console.log(JSON.stringify(line))
}

await main()
