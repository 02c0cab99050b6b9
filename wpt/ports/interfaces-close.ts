import type { Port } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import { restoring } from './support/restore.ts'
import { anyScope, everyVariant, long, overHttp1, windowOnly } from './support/stage.ts'

const folder = 'interfaces/WebSocket/close'

/** Milliseconds to wait for an unexpected second close event. */
const lateMilliseconds = 500

export const ports: Port[] = [
  windowOnly(`${folder}/close-basic.html`, overHttp1, {
    'a CloseEvent comes, whose wasClean cannot be changed': async stage => {
      const CloseEvent = stage.need('CloseEvent')
      const socket = stage.socket('/')
      const life = throughAttributes(
        socket,
        {
          close: event => {
            assert.instanceOf(event, CloseEvent)
            assert.isFalse(event.wasClean)
            Reflect.set(event, 'wasClean', true)
            assert.isFalse(event.wasClean)
            Reflect.deleteProperty(event, 'wasClean')
            assert.isFalse(event.wasClean)
            restoring(CloseEvent.prototype, ['wasClean'], () => {
              Reflect.deleteProperty(CloseEvent.prototype, 'wasClean')
              assert.isUndefined(event.wasClean)
            })
          },
        },
        { allow: ['error'] },
      )
      socket.close()
      assert.equal(socket.readyState, socket.CLOSING)
      await life
    },
  }),
  anyScope(`${folder}/close-connecting-async.any.js`, everyVariant, {
    'close() while connecting returns before the error event and the close event': async stage => {
      const WebSocket = stage.need('WebSocket')
      const socket = stage.socket('/handshake_sleep_2')
      const order: string[] = []
      const life = throughAttributes(
        socket,
        {
          error: () => {
            order.push('error')
          },
          close: () => {
            order.push('close')
            assert.equal(socket.readyState, WebSocket.CLOSED)
          },
        },
        { quiet: true },
      )
      assert.equal(socket.readyState, WebSocket.CONNECTING)
      socket.close()
      order.push('return')
      assert.equal(socket.readyState, WebSocket.CLOSING)
      await life
      assert.deepEqual(order, ['return', 'error', 'close'])
    },
  }),
  long(
    windowOnly(`${folder}/close-connecting.html`, overHttp1, {
      'close() after a second of connecting is not clean': async stage => {
        const socket = stage.socket('/sleep_10_v13')
        let returned = false
        const life = throughAttributes(
          socket,
          {
            close: event => {
              assert.isTrue(returned, 'close event before close() returned')
              assert.equal(socket.readyState, socket.CLOSED)
              assert.isFalse(event.wasClean)
            },
          },
          { allow: ['error'] },
        )
        // No event says that the handshake is in progress, so wait a second; the server delays its answer for ten.
        await new Promise(resolve => setTimeout(resolve, 1000))
        assert.equal(socket.readyState, socket.CONNECTING)
        socket.close()
        returned = true
        assert.equal(socket.readyState, socket.CLOSING)
        await life
      },
    }),
  ),
  windowOnly(`${folder}/close-multiple.html`, overHttp1, {
    'one close event for three calls of close()': async stage => {
      const socket = stage.socket('/')
      let count = 0
      const first = new Promise<void>(resolve => {
        socket.onclose = () => {
          count++
          resolve()
        }
      })
      socket.close()
      socket.close()
      socket.close()
      await first
      await new Promise(resolve => setTimeout(resolve, lateMilliseconds))
      assert.equal(count, 1)
    },
  }),
  windowOnly(`${folder}/close-nested.html`, overHttp1, {
    'close() in the close event does nothing': async stage => {
      const socket = stage.socket('/')
      const life = throughAttributes(
        socket,
        {
          close: () => {
            assert.equal(socket.readyState, socket.CLOSED)
            socket.close()
            assert.equal(socket.readyState, socket.CLOSED)
          },
        },
        { allow: ['error'], quiet: true },
      )
      socket.close()
      assert.equal(socket.readyState, socket.CLOSING)
      await life
    },
  }),
  windowOnly(`${folder}/close-replace.html`, overHttp1, {
    'an instance can have another close': stage => {
      const socket = stage.socket('/')
      Reflect.set(socket, 'close', 5)
      assert.equal(Reflect.get(socket, 'close'), 5)
    },
  }),
  windowOnly(`${folder}/close-return.html`, overHttp1, {
    'close() returns undefined': stage => {
      const socket = stage.socket('/')
      assert.isUndefined(Reflect.apply(socket.close, socket, []))
    },
  }),
]
