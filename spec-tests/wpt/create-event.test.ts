import { assert } from 'chai'
import { createEvent } from '../../wpt/runner/child/create-event.ts'
import { useLoopback } from '../support/ws-server.ts'

type DetailedEvent = Event & {
  readonly view: unknown
  readonly detail: number
  initUIEvent(type: string, bubbles?: boolean, cancelable?: boolean, view?: unknown, detail?: number): void
}

describe('document.createEvent of the web-platform-tests runner', () => {
  const loopback = useLoopback()

  it('knows interfaces by the names of the DOM Standard, in any case', () => {
    for (const name of ['Event', 'events', 'HTMLEvents', 'SVGEvents']) {
      assert.equal(String(createEvent(name)), '[object Event]', name)
    }
    for (const name of ['UIEvent', 'uievents']) assert.equal(String(createEvent(name)), '[object UIEvent]', name)
    assert.instanceOf(createEvent('CustomEvent'), CustomEvent)
    assert.instanceOf(createEvent('messageevent'), MessageEvent)
  })

  it('throws NotSupportedError for other names', () => {
    for (const name of ['', 'CloseEvent', 'ErrorEvent', 'KeyboardEvent', 'constructor']) {
      assert.throws(() => createEvent(name), DOMException, name)
      try {
        createEvent(name)
      } catch (error) {
        assert.equal((error as DOMException).name, 'NotSupportedError')
      }
    }
  })

  it('gives an event without a type, which initEvent sets', () => {
    const event = createEvent('Event')
    assert.deepEqual([event.type, event.bubbles, event.cancelable], ['', false, false])
    event.initEvent('one', true, true)
    assert.deepEqual([event.type, event.bubbles, event.cancelable], ['one', true, true])
    event.initEvent('two')
    assert.deepEqual([event.type, event.bubbles, event.cancelable], ['two', false, false])
  })

  it('sets type, view and detail by initUIEvent, but not while the event is dispatched', () => {
    const event = createEvent('UIEvents') as DetailedEvent
    assert.deepEqual([event.view, event.detail], [null, 0])
    event.initUIEvent('one', false, false, globalThis, 5)
    const target = new EventTarget()
    const seen: unknown[] = []
    target.addEventListener('one', () => {
      event.initUIEvent('two', true, true, null, 6)
      seen.push(event.type, event.bubbles, event.view === globalThis, event.detail)
    })
    target.dispatchEvent(event)
    assert.deepEqual(seen, ['one', false, true, 5])
    event.initUIEvent('three')
    assert.deepEqual([event.type, event.view, event.detail], ['three', null, 0])
  })

  it('is dispatched at a socket', async () => {
    const { socket } = await loopback.pair()
    const got: Event[] = []
    socket.onmessage = event => got.push(event)
    const event = createEvent('UIEvents') as DetailedEvent
    event.initUIEvent('message', false, false, globalThis, 5)
    socket.dispatchEvent(event)
    assert.deepEqual(got, [event])
  })

  it('has initEvent also where the host has none, as in Deno', () => {
    const own = Object.getOwnPropertyDescriptor(Event.prototype, 'initEvent')!
    Reflect.deleteProperty(Event.prototype, 'initEvent')
    try {
      const event = createEvent('Event')
      event.initEvent('one', true, true)
      assert.deepEqual([event.type, event.bubbles, event.cancelable], ['one', true, true])
      const target = new EventTarget()
      const seen: string[] = []
      target.addEventListener('one', () => {
        event.initEvent('two')
        seen.push(event.type)
      })
      target.dispatchEvent(event)
      assert.deepEqual(seen, ['one'])
    } finally {
      Object.defineProperty(Event.prototype, 'initEvent', own)
    }
  })
})
