import type { Port } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import { everyVariant, plainOnly, windowOnly } from './support/stage.ts'

export const ports: Port[] = [
  windowOnly('interfaces/CloseEvent/clean-close.html', everyVariant, {
    'wasClean is true after a closing handshake': async stage => {
      const socket = stage.socket('/echo')
      const event = await throughAttributes(socket, { open: () => socket.send('Test'), message: () => socket.close() })
      assert.isTrue(event.wasClean)
    },
  }),
  windowOnly('interfaces/CloseEvent/constructor.html', plainOnly, {
    'without a dictionary': stage => {
      const CloseEvent = stage.need('CloseEvent')
      const event = new CloseEvent('foo')
      assert.instanceOf(event, CloseEvent)
      assert.equal(event.type, 'foo')
      assert.isFalse(event.bubbles)
      assert.isFalse(event.cancelable)
      assert.isFalse(event.wasClean)
      assert.equal(event.code, 0)
      assert.equal(event.reason, '')
    },
    'with a dictionary': stage => {
      const CloseEvent = stage.need('CloseEvent')
      const event = new CloseEvent('foo', { bubbles: true, cancelable: true, wasClean: true, code: 7, reason: 'x' })
      assert.instanceOf(event, CloseEvent)
      assert.equal(event.type, 'foo')
      assert.isTrue(event.bubbles)
      assert.isTrue(event.cancelable)
      assert.isTrue(event.wasClean)
      assert.equal(event.code, 7)
      assert.equal(event.reason, 'x')
    },
  }),
  windowOnly('interfaces/CloseEvent/historical.html', plainOnly, {
    'there is no initCloseEvent': stage => {
      const CloseEvent = stage.need('CloseEvent')
      assert.isFalse('initCloseEvent' in CloseEvent.prototype)
      assert.isFalse('initCloseEvent' in new CloseEvent('close'))
    },
  }),
]
