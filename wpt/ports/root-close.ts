import type { Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughListeners } from './support/events.ts'
import { type Act, anyScope, everyVariant } from './support/stage.ts'
import { throwsDOMException } from './support/throws.ts'

const closed = 3

/** Opens a socket to the echo handler, closes it with `close` in the open event, and expects a clean end. */
function closesCleanly(close: (socket: Socket) => void): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const event = await throughListeners(socket, { open: () => close(socket) })
    assert.equal(socket.readyState, closed)
    assert.isTrue(event.wasClean)
  }
}

/** Like `closesCleanly`, but checks code and reason of the close event. */
function endsWith(close: (socket: Socket) => void, expected: { code?: number; reason?: string }): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const event = await throughListeners(socket, { open: () => close(socket) })
    if (expected.code !== undefined) assert.equal(event.code, expected.code)
    if (expected.reason !== undefined) assert.equal(event.reason, expected.reason)
  }
}

/** Expects `close` to throw in the open event. No close event may come up to there. */
function refuses(name: 'InvalidAccessError' | 'SyntaxError', ...args: unknown[]): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    await throughListeners(
      socket,
      { open: () => throwsDOMException(name, () => Reflect.apply(socket.close, socket, args)) },
      { until: 'open' },
    )
  }
}

const invalidCodes: [code: unknown, title: string][] = [
  [0, '0'],
  [500, '500'],
  [Number.NaN, 'NaN'],
  ['word', 'a string that is no number'],
  [null, 'null'],
  [0x10000 + 1000, '66536, which is clamped and not taken modulo 65536'],
]

export const ports: Port[] = [
  anyScope('Close-1000-reason.any.js', everyVariant, {
    'code 1000 with a reason: CLOSED and clean': closesCleanly(socket => socket.close(1000, 'all done')),
  }),
  anyScope('Close-1000-verify-code.any.js', everyVariant, {
    'the close event carries code 1000 and the reason': endsWith(socket => socket.close(1000, 'all done'), {
      code: 1000,
      reason: 'all done',
    }),
  }),
  anyScope('Close-1000.any.js', everyVariant, {
    'code 1000 alone: CLOSED and clean': closesCleanly(socket => socket.close(1000)),
  }),
  anyScope('Close-1005-verify-code.any.js', everyVariant, {
    'close() without a code ends with 1005 and no reason': endsWith(socket => socket.close(), {
      code: 1005,
      reason: '',
    }),
  }),
  anyScope('Close-1005.any.js', everyVariant, {
    'the reserved code 1005 is refused': refuses('InvalidAccessError', 1005, 'reserved'),
  }),
  anyScope('Close-2999-reason.any.js', everyVariant, {
    'code 2999 is refused': refuses('InvalidAccessError', 2999, 'below 3000'),
  }),
  anyScope('Close-3000-reason.any.js', everyVariant, {
    'code 3000 with a reason: CLOSED and clean': closesCleanly(socket => socket.close(3000, 'the first of its range')),
  }),
  anyScope('Close-3000-verify-code.any.js', everyVariant, {
    'the close event carries code 3000': endsWith(socket => socket.close(3000, 'all done'), { code: 3000 }),
  }),
  anyScope('Close-4999-reason.any.js', everyVariant, {
    // Upstream says 4999 in its name and sends 3000; both ends of the range are right.
    'code 4999 with a reason: CLOSED and clean': closesCleanly(socket => socket.close(4999, 'the last of its range')),
  }),
  anyScope('Close-Reason-124Bytes.any.js', everyVariant, {
    'a reason of 124 bytes is refused': refuses('SyntaxError', 1000, 'r'.repeat(124)),
  }),
  anyScope('Close-delayed.any.js', everyVariant, {
    'the close event waits for the peer, which takes a second': async stage => {
      const socket = stage.socket('/delayed-passive-close')
      let start = 0
      const event = await throughListeners(socket, {
        open: () => {
          start = performance.now()
          socket.close()
        },
      })
      // A tenth less than the second, because timers may fire early.
      assert.isAtLeast(performance.now() - start, 900)
      assert.equal(socket.readyState, closed)
      assert.isTrue(event.wasClean)
    },
  }),
  anyScope('Close-onlyReason.any.js', everyVariant, {
    'a reason in the place of the code is refused': refuses('InvalidAccessError', 'only a reason'),
  }),
  anyScope('Close-readyState-Closed.any.js', everyVariant, {
    'close() without arguments: CLOSED and clean': closesCleanly(socket => socket.close()),
  }),
  anyScope('Close-readyState-Closing.any.js', everyVariant, {
    'CLOSING as soon as close() returns': async stage => {
      const socket = stage.socket('/echo')
      await throughListeners(socket, {
        open: () => {
          socket.close()
          assert.equal(socket.readyState, 2)
        },
      })
    },
  }),
  anyScope('Close-reason-unpaired-surrogates.any.js', everyVariant, {
    'a lone surrogate in the reason becomes U+FFFD': endsWith(socket => socket.close(1000, '\uD807'), {
      reason: '\uFFFD',
    }),
  }),
  anyScope('Close-server-initiated-close.any.js', everyVariant, {
    'a close that the server starts is clean': async stage => {
      const socket = stage.socket('/echo')
      const event = await throughListeners(socket, { open: () => socket.send('Goodbye') }, { allow: ['message'] })
      assert.equal(socket.readyState, closed)
      assert.isTrue(event.wasClean)
    },
  }),
  anyScope('Close-undefined.any.js', everyVariant, {
    'close(undefined) closes': async stage => {
      const socket = stage.socket('/echo')
      await throughListeners(socket, { open: () => Reflect.apply(socket.close, socket, [undefined]) })
    },
  }),
  anyScope(
    'close-invalid.any.js',
    everyVariant,
    Object.fromEntries(
      invalidCodes.map(([code, title]) => [
        `close() refuses ${title}`,
        stage => {
          const socket = stage.socket('/echo')
          throwsDOMException('InvalidAccessError', () => Reflect.apply(socket.close, socket, [code]))
        },
      ]),
    ),
  ),
]
