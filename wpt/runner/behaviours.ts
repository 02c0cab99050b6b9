import { matches } from './judge.ts'

/** A group of files by what they test, in words for people who choose or write an implementation. Each file is in one group. */
export interface Behaviour {
  readonly words: string
  /** Patterns for paths below `websockets/`; a `*` stands for any text. */
  readonly files: readonly string[]
}

const of = (folder: string, names: readonly string[]): string[] => names.map(name => `${folder}/${name}`)
const interfaces = 'interfaces/WebSocket'

export const behaviours: readonly Behaviour[] = [
  {
    words: 'The interfaces are as Web IDL has them: constants, attributes, operations, brand checks',
    files: ['idlharness.any.js', `${interfaces}/constants/*`],
  },
  {
    words: 'Members are on the prototype, can be replaced or deleted there, and read-only ones cannot be set',
    files: [
      ...of(`${interfaces}/bufferedAmount`, [
        '*-defineProperty-*',
        '*-deleting.html',
        '*-initial.html',
        '*-readonly.html',
      ]),
      ...of(`${interfaces}/readyState`, ['001.html', '002.html', '003.html', '004.html', '005.html']),
      ...of(`${interfaces}/url`, ['002.html', '003.html', '004.html', '005.html', '006.html']),
      ...of(interfaces, ['extensions/*', 'protocol/*', 'close/close-replace.html', 'send/002.html']),
    ],
  },
  { words: '`new CloseEvent()`', files: of('interfaces/CloseEvent', ['constructor.html', 'historical.html']) },
  {
    words: '`onopen` and the other event handler attributes: what they take and give back',
    files: [
      'eventhandlers.any.js',
      ...of(`${interfaces}/events`, [
        '001.html',
        '002.html',
        '006.html',
        '010.html',
        '011.html',
        '012.html',
        '013.html',
        '014.html',
      ]),
    ],
  },
  {
    words: 'Events: their classes, order, targets and flags, and those that a program dispatches',
    files: of(`${interfaces}/events`, [
      ...['003.html', '004.html', '007.html', '008.html', '009.html'],
      ...['015.html', '016.html', '017.html', '018.html', '019.html'],
    ]),
  },
  {
    words: 'URLs: relative ones, `http:`, odd and invalid ones, and how they are escaped',
    files: [
      ...['Create-http-urls*', 'Create-invalid-urls*', 'Create-non-absolute-url*', 'Create-url-with-*'],
      ...of('constructor', [
        '001.html',
        '006.html',
        '008.html',
        '016.html',
        '017.html',
        '018.html',
        '019.html',
        '020.html',
      ]),
      ...of(`${interfaces}/url`, ['001.html', 'resolve.html']),
    ],
  },
  { words: 'Ports that the Fetch Standard blocks', files: ['Create-blocked-port.any.js'] },
  {
    words: 'Subprotocols that the constructor has to refuse',
    files: [
      ...['Create-asciiSep-*', 'Create-nonAscii-*', 'Create-protocol-with-space*', 'Create-protocols-repeated*'],
      ...of('constructor', ['004.html', '007.html', '021.html']),
    ],
  },
  {
    words: 'Agreeing on a subprotocol, and failing where the server answers with another',
    files: [
      ...['Create-valid-url-protocol*', 'Create-valid-url-array-protocols*'],
      ...of('constructor', ['009.html', '010.html', '011.html', '012.html', '022.html']),
    ],
  },
  {
    words: 'Opening a connection that is simple to open',
    files: [
      ...[
        'Create-valid-url.any.js',
        'Create-valid-url-binaryType-blob*',
        'Create-extensions-empty*',
        'constructor.any.js',
      ],
      ...[
        'constructor/005.html',
        'constructor/013.html',
        'opening-handshake/002.html',
        `${interfaces}/readyState/006.html`,
      ],
    ],
  },
  {
    words: 'Handshakes that have to fail: no HTTP, a redirect, a wrong `Sec-WebSocket-Accept`, no such host',
    files: [
      ...of('opening-handshake', ['001.html', '006.html', 'received-301-code.html']),
      ...['security/001.html', `${interfaces}/events/020.html`],
    ],
  },
  { words: 'One handshake at a time for a host and port', files: ['constructor/014.html'] },
  { words: 'Cookies that a page shares with its sockets', files: ['cookies/*'] },
  {
    words: '`Origin`, `Referer`, and the user and password of a URL',
    files: ['opening-handshake/003*', 'referrer.any.js', 'basic-auth.any.js'],
  },
  {
    words: 'Closing: codes, reasons, states, and who is first',
    files: [
      ...['Close-*', 'close-invalid.any.js', 'closing-handshake/*', 'opening-handshake/005.html'],
      ...of(`${interfaces}/close`, [
        'close-basic.html',
        'close-multiple.html',
        'close-nested.html',
        'close-return.html',
      ]),
      ...of(interfaces, ['readyState/007.html', 'readyState/008.html']),
      'interfaces/CloseEvent/clean-close.html',
    ],
  },
  { words: '`close()` while connecting: fails, and in a later task', files: [`${interfaces}/close/close-connecting*`] },
  {
    words: 'Sending text: empty, long, beyond ASCII, lone surrogates, what is no string',
    files: [
      ...['0byte-data', '65K-data', 'data', 'null', 'paired-surrogates', 'unicode-data', 'unpaired-surrogates'].map(
        name => `Send-${name}.*`,
      ),
      ...of(`${interfaces}/send`, ['001.html', '005.html', '006.html', '009.html', '010.html', '011.html', '012.html']),
    ],
  },
  {
    words: '`send()` before the connection is open and after `close()`',
    files: ['Send-before-open*', ...of(`${interfaces}/send`, ['003.html', '004.html', '007.html', '008.html'])],
  },
  {
    words: 'Binary messages: `ArrayBuffer`, its views, `Blob`',
    files: [
      ...['65K-arraybuffer', 'arraybuffer', 'blob'].map(name => `Send-binary-${name}.any.js`),
      ...['float32', 'float64', '*int*'].map(name => `Send-binary-arraybufferview-${name}.any.js`),
      'binary/*',
    ],
  },
  { words: 'Sending a `Float16Array`', files: ['Send-binary-arraybufferview-float16.any.js'] },
  { words: 'An unknown `binaryType` is ignored', files: ['binaryType-wrong-value.any.js'] },
  {
    words: '`bufferedAmount` counts bytes at once, and does not change while script runs',
    files: [
      'bufferedAmount-unchanged-by-sync-xhr.any.js',
      ...of(`${interfaces}/bufferedAmount`, [
        '*-arraybuffer.html',
        '*-blob.html',
        '*-getting.html',
        '*-large.html',
        '*-unicode.html',
      ]),
    ],
  },
  {
    words: 'Lengths at the limits of the frame header, 20 seconds of silence, a server that reads slowly',
    files: ['extended-payload-length.html', 'keeping-connection-open/*', 'send-many-64K-*'],
  },
  {
    words: '`WebSocketStream`: opening, aborting, and `WebSocketError`',
    files: of('stream/tentative', ['abort.any.js', 'constructor.any.js', 'websocket-error.any.js']),
  },
  {
    words: '`WebSocketStream`: closing by either side, and writing',
    files: of('stream/tentative', ['close.any.js', 'remote-close.any.js', 'write.any.js']),
  },
  {
    words: '`WebSocketStream`: the client reads no faster than its reader',
    files: ['stream/tentative/backpressure-receive*'],
  },
  { words: '`WebSocketStream`: a writer waits for the server', files: ['stream/tentative/backpressure-send*'] },
]

/** The groups of a file: exactly one, if the list is right. */
export function behavioursOf(file: string): Behaviour[] {
  return behaviours.filter(({ files }) => files.some(pattern => matches(pattern, file)))
}
