import type { Port } from '../port.ts'
import * as assert from './support/assert.ts'
import { eventNames, throughAttributes, throughListeners } from './support/events.ts'
import { type Act, anyScope, everyVariant, long, overTls, plainOnly, windowOnly } from './support/stage.ts'

/** Sends a text message of `size` bytes and expects it back. */
function echoesLength(size: number): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const sent = 'a'.repeat(size)
    const { data } = await throughAttributes(socket, { open: () => socket.send(sent) }, { until: 'message' })
    assert.equal(data, sent)
  }
}

/** Keeps the thread busy, as a synchronous request does. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

export const ports: Port[] = [
  anyScope('basic-auth.any.js', overTls, {
    'a user and a password in the URL are sent': async stage => {
      const socket = stage.construct(stage.url('/basic_auth', { credentials: 'foo:bar' }))
      await throughAttributes(socket, {}, { until: 'open' })
    },
  }),
  anyScope('binaryType-wrong-value.any.js', everyVariant, {
    'a value that binaryType does not know is ignored': async stage => {
      const socket = stage.socket('/echo')
      const event = await throughListeners(socket, {
        open: () => {
          assert.equal(socket.binaryType, 'blob')
          Reflect.set(socket, 'binaryType', 'neither of them')
          assert.equal(socket.binaryType, 'blob')
          socket.close()
        },
      })
      assert.isTrue(event.wasClean)
    },
  }),
  anyScope('bufferedAmount-unchanged-by-sync-xhr.any.js', everyVariant, {
    'bufferedAmount does not change while script runs': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(
        socket,
        {
          open: () => {
            assert.equal(socket.bufferedAmount, 0)
            socket.send('hello')
            assert.equal(socket.bufferedAmount, 5)
            block(300)
            assert.equal(socket.bufferedAmount, 5)
          },
        },
        { until: 'open' },
      )
    },
  }),
  anyScope('constructor.any.js', everyVariant, {
    'a third argument is ignored': stage => {
      assert.instanceOf(stage.construct(stage.url('/echo'), 'echo', 'one too many'), stage.need('WebSocket'))
    },
  }),
  anyScope(
    'eventhandlers.any.js',
    everyVariant,
    Object.fromEntries(
      eventNames.map(name => [
        `on${name} treats what cannot be called as null`,
        stage => {
          const socket = stage.socket('/echo', 'echo')
          const attribute = `on${name}` as const
          assert.isNull(socket[attribute])
          socket[attribute] = () => {}
          Reflect.set(socket, attribute, 2)
          assert.isNull(socket[attribute])
        },
      ]),
    ),
  ),
  long(
    windowOnly('extended-payload-length.html', everyVariant, {
      '125 bytes, the last length without an extended field': echoesLength(125),
      '126 bytes, the first length with the field of 16 bits': echoesLength(126),
      '65535 bytes, the last length with the field of 16 bits': echoesLength(0xffff),
      '65536 bytes, the first length with the field of 64 bits': echoesLength(0x10000),
    }),
  ),
  anyScope('referrer.any.js', plainOnly, {
    'the handshake has no Referer': async stage => {
      const { data } = await throughAttributes(stage.socket('/referrer'), {}, { until: 'message', allow: ['open'] })
      assert.equal(data, 'MISSING AS PER FETCH')
    },
  }),
]
