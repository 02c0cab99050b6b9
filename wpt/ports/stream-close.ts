import type { CloseInfo, OpenInfo, Port, SocketError } from '../port.ts'
import * as assert from './support/assert.ts'
import { type Act, anyScope, everyVariant, type Stage } from './support/stage.ts'
import { rejectionOf, rejectsWithDOMException, throwsDOMException, throwsTypeError } from './support/throws.ts'

type Ending = { closeCode: number; reason: string }

const withoutStatus: Ending = { closeCode: 1005, reason: '' }

/** Opens a stream to `path`, does something to it, and expects `closed` to fulfill with this code and reason. */
function endsWith(
  expected: Ending,
  act: (opened: OpenInfo, stage: Stage, close: (...args: unknown[]) => void) => unknown = () => {},
  path = '/echo',
): Act {
  return async stage => {
    const stream = stage.stream(path)
    const opened = await stream.opened
    // The promise of the act may stay pending, but it must not reject.
    const acted = Promise.resolve(act(opened, stage, (...args) => Reflect.apply(stream.close, stream, args)))
    const { closeCode, reason } = await Promise.race([stream.closed, acted.then(() => stream.closed)])
    assert.deepEqual<CloseInfo>({ closeCode, reason } as CloseInfo, expected)
  }
}

/** Opens a stream, and expects close() to throw what `check` looks for. */
function refuses(check: (act: () => unknown) => void, argument: unknown): Act {
  return async stage => {
    const stream = stage.stream('/echo')
    await stream.opened
    check(() => Reflect.apply(stream.close, stream, [argument]))
  }
}

/** Waits for the rejection of `closed`, which has to be a WebSocketError with this code. */
async function failsWith(stage: Stage, closed: Promise<unknown>, closeCode: number): Promise<SocketError> {
  const error = (await rejectionOf(closed)) as SocketError
  assert.equal(error.constructor, stage.need('WebSocketError'))
  assert.equal(error.closeCode, closeCode)
  return error
}

const invalidCodes = [999, 1001, 2999, 5000]

const byClose: Record<string, Act> = {
  'a code and a reason': endsWith({ closeCode: 3456, reason: 'pizza' }, (_, __, close) =>
    close({ closeCode: 3456, reason: 'pizza' }),
  ),
  'no argument': endsWith(withoutStatus, (_, __, close) => close()),
  'an empty dictionary': endsWith(withoutStatus, (_, __, close) => close({})),
  'an empty reason without a code': endsWith(withoutStatus, (_, __, close) => close({ reason: '' })),
  'a reason without a code makes it 1000': endsWith({ closeCode: 1000, reason: 'non-empty' }, (_, __, close) =>
    close({ reason: 'non-empty' }),
  ),
  'true is a TypeError': refuses(throwsTypeError, true),
  'a reason of 124 bytes is a SyntaxError': refuses(act => throwsDOMException('SyntaxError', act), {
    reason: '.'.repeat(124),
  }),
  'close() during the handshake rejects both promises': async stage => {
    const WebSocketError = stage.need('WebSocketError')
    const stream = stage.stream('/echo')
    stream.close()
    const errors = await Promise.all([rejectionOf(stream.opened), rejectionOf(stream.closed)])
    for (const error of errors) assert.equal((error as Error).constructor, WebSocketError)
  },
  ...Object.fromEntries(
    invalidCodes.map(closeCode => [
      `the invalid code ${closeCode} is an InvalidAccessError`,
      refuses(act => throwsDOMException('InvalidAccessError', act), { closeCode }),
    ]),
  ),
}

const byStreams: Record<string, Act> = {
  'closing the writable ends without a status': endsWith(withoutStatus, ({ writable }) => writable.getWriter().close()),
  'closing the writer waits for the handshake, of which the server takes a second': async stage => {
    const { writable } = await stage.stream('/delayed-passive-close').opened
    const start = performance.now()
    await writable.getWriter().close()
    // A tenth less than the second, because timers may fire early.
    assert.isAtLeast(performance.now() - start, 900)
  },
  'a handshake that the server does not finish is not clean': async stage => {
    const stream = stage.stream('/passive-close-abort')
    await stream.opened
    stream.close({ closeCode: 4000, reason: 'because' })
    await failsWith(stage, stream.closed, 1006)
  },
}

/** Subtests that are the same for aborting the writable and for cancelling the readable. */
function byLosingInterest(
  verb: string,
  lose: (opened: OpenInfo, reason?: unknown) => Promise<void>,
): Record<string, Act> {
  const endsAt = (expected: Ending, reason?: (stage: Stage) => unknown): Act =>
    endsWith(expected, (opened, stage) => lose(opened, ...(reason === undefined ? [] : [reason(stage)])))
  const error = (init: CloseInfo) => (stage: Stage) => new (stage.need('WebSocketError'))('', init)
  const lookalike = () =>
    Object.assign(new DOMException('yes', 'DataCloneError'), { closeCode: 1000, reason: 'to be ignored' })
  return {
    [`${verb} ends without a status`]: endsAt(withoutStatus),
    [`${verb} with an object that is no WebSocketError ends without a status`]: endsAt(withoutStatus, () => ({
      closeCode: 3333,
      reason: 'obsolete',
    })),
    [`${verb} with a code sends it`]: endsAt({ closeCode: 3333, reason: '' }, error({ closeCode: 3333 })),
    [`${verb} with a code and a reason sends both`]: endsAt(
      { closeCode: 3456, reason: 'set' },
      error({ closeCode: 3456, reason: 'set' }),
    ),
    [`${verb} with a reason alone sends it with 1000`]: endsAt(
      { closeCode: 1000, reason: 'specified' },
      error({ reason: 'specified' }),
    ),
    [`${verb} with another DOMException ends without a status`]: endsAt(withoutStatus, lookalike),
  }
}

const byServer: Record<string, Act> = {
  'a clean close closes the readable and errors the writable': async stage => {
    const stream = stage.stream('/remote-close?code=1000')
    const { readable, writable } = await stream.opened
    const { closeCode, reason } = await stream.closed
    assert.equal(closeCode, 1000)
    assert.equal(reason, '')
    const { done } = await readable.getReader().read()
    assert.isTrue(done)
    await rejectsWithDOMException('InvalidStateError', writable.getWriter().ready)
  },
  'a close frame without a body gives 1005': endsWith(withoutStatus, () => {}, '/remote-close'),
  'the reason comes through': endsWith(
    { closeCode: 4000, reason: 'robot' },
    () => {},
    '/remote-close?code=4000&reason=robot',
  ),
  'a reason that is not ASCII comes through': endsWith(
    { closeCode: 4000, reason: '\u30ED\u30DC\u30C3\u30C8' },
    () => {},
    '/remote-close?code=4000&reason=%E3%83%AD%E3%83%9C%E3%83%83%E3%83%88',
  ),
  'a close before all was written is not clean': async stage => {
    const stream = stage.stream('/remote-close?code=4567')
    const { writable } = await stream.opened
    // More than the socket buffers hold, so that the close frame arrives before all is written.
    const written = rejectionOf(writable.getWriter().write(new Uint8Array(20 * 1024 * 1024)))
    await failsWith(stage, stream.closed, 4567)
    await rejectsWithDOMException(
      'InvalidStateError',
      written.then(error => Promise.reject(error)),
    )
  },
  'the code and the reason of the server win over those of close()': endsWith(
    { closeCode: 4222, reason: 'remote' },
    (_, __, close) => close({ closeCode: 4111, reason: 'local' }),
    '/remote-close?code=4222&reason=remote',
  ),
  'an end without a close frame errors everything with one WebSocketError': async stage => {
    const stream = stage.stream('/remote-close?abrupt=1')
    const { readable, writable } = await stream.opened
    const error = await failsWith(stage, stream.closed, 1006)
    assert.equal(error.name, 'WebSocketError')
    assert.equal(await rejectionOf(readable.getReader().read()), error)
    assert.equal(await rejectionOf(writable.getWriter().ready), error)
  },
}

export const ports: Port[] = [
  anyScope('stream/tentative/close.any.js', everyVariant, {
    ...byClose,
    ...byStreams,
    ...byLosingInterest('aborting the writable', ({ writable }, ...reason) => writable.abort(...reason)),
    ...byLosingInterest('cancelling the readable', ({ readable }, ...reason) => readable.cancel(...reason)),
  }),
  anyScope('stream/tentative/remote-close.any.js', everyVariant, byServer),
]
