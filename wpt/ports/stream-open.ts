import { type Port, resources } from '../port.ts'
import * as assert from './support/assert.ts'
import { type Act, anyScope, long, overTls, plainOnly, type Stage } from './support/stage.ts'
import { rejectionOf, rejectsWithDOMException, throwsDOMException, throwsTypeError } from './support/throws.ts'

const folder = 'stream/tentative'

/** Expects both promises to reject with an AbortError. */
async function isAborted(stream: { opened: Promise<unknown>; closed: Promise<unknown> }): Promise<void> {
  await rejectsWithDOMException('AbortError', stream.opened)
  await rejectsWithDOMException('AbortError', stream.closed)
}

const abort: Record<string, Act> = {
  'a signal aborted before keeps the connection from being made': async stage => {
    // The HTTP server records every request for this URL, also one that asks for a WebSocket.
    const query = `?key=${Math.random().toString(36).slice(2)}`
    const url = `${stage.t.httpBase}${resources.stashPut}${query}&value=connected`
    await isAborted(stage.constructStream(url.replace('http', 'ws'), { signal: AbortSignal.abort() }))
    const response = await fetch(`${stage.t.httpBase}${resources.stashTake}${query}`)
    assert.isNull(await response.json())
  },
  'a signal aborted during the handshake': async stage => {
    const controller = new AbortController()
    const stream = stage.stream('/handshake_sleep_2', { signal: controller.signal })
    await new Promise(resolve => setTimeout(resolve))
    controller.abort()
    await isAborted(stream)
  },
  'a signal aborted after the handshake does nothing': async stage => {
    const controller = new AbortController()
    const { readable, writable } = await stage.stream('/echo', { signal: controller.signal }).opened
    controller.abort()
    const written = writable.getWriter().write('connected')
    const { value } = await readable.getReader().read()
    assert.equal(value, 'connected')
    await written
  },
}

const construct: Record<string, Act> = {
  'no URL': stage => throwsTypeError(() => stage.constructStream()),
  'an invalid URL': stage => throwsDOMException('SyntaxError', () => stage.constructStream('invalid:')),
  'options that are no dictionary': stage => throwsTypeError(() => stage.constructStream(stage.url('/'), true)),
  'protocols that are a string': stage => throwsTypeError(() => stage.stream('/', { protocols: 'hi' })),
  'a valid URL': async stage => {
    const stream = stage.stream('/echo')
    await stream.opened
    assert.equal(stream.url, stage.url('/echo'))
  },
  'two protocols, of which the server takes the first': async stage => {
    const stream = stage.stream('/protocol_array', { protocols: ['alpha', 'beta'] })
    const { readable, protocol } = await stream.opened
    assert.equal(protocol, 'alpha')
    const { value } = await readable.getReader().read()
    assert.equal(value, 'alpha')
  },
  'a failed handshake rejects both promises': async stage => {
    const WebSocketError = stage.need('WebSocketError')
    const stream = stage.stream('/404')
    const errors = await Promise.all([rejectionOf(stream.opened), rejectionOf(stream.closed)])
    for (const error of errors) assert.equal((error as Error).constructor, WebSocketError)
  },
  'opened gives a readable, a writable, a protocol and the extensions': async stage => {
    const { readable, writable, protocol, extensions } = await stage.stream('/echo').opened
    // Both methods throw if their receiver is not a stream of the host.
    ReadableStream.prototype.getReader.call(readable)
    WritableStream.prototype.getWriter.call(writable)
    assert.isString(protocol)
    assert.isString(extensions)
  },
}

const invalidCodes = [999, 1001, 2999, 5000]

function errorOf(stage: Stage, ...args: unknown[]) {
  return Reflect.construct(stage.need('WebSocketError'), args)
}

/** Makes a WebSocketError and checks its five attributes. */
function errorHas(args: unknown[], expected: { message: string; closeCode: number | null; reason: string }): Act {
  return stage => {
    const { code, name, message, closeCode, reason } = errorOf(stage, ...args)
    assert.deepEqual({ code, name, message, closeCode, reason }, { code: 0, name: 'WebSocketError', ...expected })
  }
}

const errors: Record<string, Act> = {
  'no arguments': errorHas([], { message: '', closeCode: null, reason: '' }),
  'a message, a code and a reason': errorHas(['message', { closeCode: 3456, reason: 'reason' }], {
    message: 'message',
    closeCode: 3456,
    reason: 'reason',
  }),
  ...Object.fromEntries(
    invalidCodes.map((closeCode): [string, Act] => [
      `the invalid code ${closeCode}`,
      stage => throwsDOMException('InvalidAccessError', () => errorOf(stage, '', { closeCode })),
    ]),
  ),
  'a code alone': errorHas(['', { closeCode: 3333 }], { message: '', closeCode: 3333, reason: '' }),
  'a reason alone makes the code 1000': errorHas(['', { reason: 'specified' }], {
    message: '',
    closeCode: 1000,
    reason: 'specified',
  }),
  'a reason of 124 bytes': stage =>
    throwsDOMException('SyntaxError', () => errorOf(stage, '', { closeCode: 1000, reason: 'x'.repeat(124) })),
  'a reason of 64 code units in 128 bytes': stage =>
    throwsDOMException('SyntaxError', () => errorOf(stage, '', { reason: '\u{1F50C}'.repeat(32) })),
}

/** Shortest wait for a side that is slow for two seconds, in milliseconds: timers may fire early, and clocks be coarse. */
const patienceMilliseconds = 1950
const largeMessageCount = 16

/** The server sends more than the socket buffers hold, and reports how long that took. Nobody reads for two seconds. */
async function holdsTheServerBack(stage: Stage): Promise<void> {
  const { readable } = await stage.stream('/send-backpressure').opened
  const reader = readable.getReader()
  // An empty message: from now on the server measures. It may have been slow to begin.
  await reader.read()
  await new Promise(resolve => setTimeout(resolve, 2000))
  for (let index = 0; index < largeMessageCount; index++) await reader.read()
  const { value } = await reader.read()
  assert.isString(value)
  assert.isAtLeast(Number(value) * 1000, patienceMilliseconds)
}

/** The server does not read for two seconds, and the message is larger than the socket buffers. */
async function isHeldBackByTheServer(stage: Stage): Promise<void> {
  // The server waits from when it has accepted the handshake, which may be long before this side learns of it.
  const start = performance.now()
  const { writable } = await stage.stream('/receive-backpressure').opened
  const writer = writable.getWriter()
  await writer.write(new Uint8Array(8 * 1024 * 1024))
  assert.isAtLeast(performance.now() - start, patienceMilliseconds)
}

export const ports: Port[] = [
  anyScope(`${folder}/abort.any.js`, overTls, abort),
  long(
    anyScope(`${folder}/backpressure-receive.any.js`, overTls, {
      'a reader holds the server back': holdsTheServerBack,
    }),
  ),
  long(
    anyScope(`${folder}/backpressure-send.any.js`, overTls, {
      'the server holds a writer back': isHeldBackByTheServer,
    }),
  ),
  anyScope(`${folder}/constructor.any.js`, overTls, construct),
  anyScope(`${folder}/websocket-error.any.js`, plainOnly, errors),
]
