import type { Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { type EventName, eventNames, throughAttributes, throughListeners } from './support/events.ts'
import { type Act, everyVariant, long, overHttp1, type Stage, windowOnly } from './support/stage.ts'

type Attribute = `on${EventName}`

/** One subtest for each event handler attribute of a socket to `path`. */
function forEach(
  title: (attribute: Attribute) => string,
  path: string,
  check: (socket: Socket, attribute: Attribute, name: EventName) => void,
): Record<string, Act> {
  return Object.fromEntries(
    eventNames.map((name): [string, Act] => [
      title(`on${name}`),
      stage => check(stage.socket(path), `on${name}`, name),
    ]),
  )
}

/** Sets a function and then `value`, which is not an object. Expects the attribute to be null afterwards. */
function forEachCleared(title: string, value: null | undefined): Record<string, Act> {
  return forEach(
    attribute => `${attribute} is null after it was set to ${title}`,
    '/empty-message',
    (socket, attribute) => {
      const handler = () => {}
      socket[attribute] = handler
      assert.equal(socket[attribute], handler)
      Reflect.set(socket, attribute, value)
      assert.isNull(socket[attribute])
    },
  )
}

/** Sets a value that is not an object. Expects the attribute to stay null. */
function forEachIgnored(title: string, value: unknown): Record<string, Act> {
  return forEach(
    attribute => `${attribute} stays null when it is set to ${title}`,
    '/empty-message',
    (socket, attribute) => {
      Reflect.set(socket, attribute, value)
      assert.isNull(socket[attribute])
    },
  )
}

/**
 * Bytes for /echo_raw, which sends them as they are: a text frame "test", then a frame with the reserved opcode 3, at which the
 * client has to fail the connection. This causes all four events.
 */
const frames = new Uint8Array([
  0x81,
  4,
  ...new TextEncoder().encode('test'),
  0x83,
  3,
  ...new TextEncoder().encode('LOL'),
])

/** Checks the four events of a socket that gets `frames`. */
function checksAllEvents(
  check: (event: Event, name: EventName, socket: Socket, stage: Stage, self: unknown) => void,
  follow: typeof throughListeners,
): Act {
  return async stage => {
    const socket = stage.socket('/echo_raw')
    const react = (name: EventName) => (event: Event, self: unknown) => check(event, name, socket, stage, self)
    await follow(socket, {
      open: (event, self) => {
        socket.send(frames)
        react('open')(event, self)
      },
      message: react('message'),
      error: react('error'),
      close: react('close'),
    })
  }
}

/** An event of a class that a socket never fires itself. */
class DetailedEvent extends Event {
  readonly detail = 5
}

/** Dispatches an event with the name of one of the socket's own, at once: the handler runs within the call, and gets that very event. */
function runsHandlerForDispatched(name: EventName): Act {
  return stage => {
    const socket = stage.socket('/')
    const got: Event[] = []
    socket[`on${name}`] = event => got.push(event)
    const event = new DetailedEvent(name)
    socket.dispatchEvent(event)
    assert.equal(got.length, 1)
    assert.equal(got[0], event)
    assert.equal((got[0] as DetailedEvent).detail, 5)
  }
}

/** Adds a listener and removes it again, then dispatches an event for it. */
function forEachRemoved(): Record<string, Act> {
  return forEach(
    attribute => `a removed listener does not run: ${attribute.slice(2)}`,
    '/echo',
    (socket, _attribute, name) => {
      socket.close()
      let called = false
      const listener = () => {
        called = true
      }
      socket.addEventListener(name, listener, false)
      socket.removeEventListener(name, listener, false)
      socket.dispatchEvent(new Event(name))
      assert.isFalse(called)
    },
  )
}

/** Three listeners of each kind, the middle one an attribute: they run in the order in which they were added. */
async function runsListenersInOrder(stage: Stage): Promise<void> {
  const socket = stage.socket('/echo')
  const order: string[] = []
  const note = (name: string) => () => {
    order.push(name)
  }
  const life = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => socket.send('Goodbye'))
    for (const name of ['open', 'message', 'close'] as const) {
      socket.addEventListener(name, note(`${name} 1`))
      socket[`on${name}`] = note(`${name} 2`)
      socket.addEventListener(name, note(`${name} 3`))
    }
    socket.addEventListener('error', () => reject(new Error('unexpected error event')))
    socket.addEventListener('close', () => resolve())
  })
  await life
  assert.deepEqual(
    order,
    ['open', 'message', 'close'].flatMap(name => [`${name} 1`, `${name} 2`, `${name} 3`]),
  )
}

const folder = 'interfaces/WebSocket/events'

export const ports: Port[] = [
  windowOnly(
    `${folder}/001.html`,
    everyVariant,
    forEach(
      attribute => `${attribute} is null at first`,
      '/',
      (socket, attribute) => assert.isNull(socket[attribute]),
    ),
  ),
  windowOnly(
    `${folder}/002.html`,
    everyVariant,
    forEach(
      attribute => `${attribute} gives the function that it was set to`,
      '/',
      (socket, attribute) => {
        const handler = () => {}
        socket[attribute] = handler
        assert.equal(socket[attribute], handler)
      },
    ),
  ),
  windowOnly(`${folder}/003.html`, overHttp1, {
    'onopen runs for an event that is dispatched': runsHandlerForDispatched('open'),
  }),
  windowOnly(`${folder}/004.html`, overHttp1, {
    'has the methods of EventTarget': stage => {
      const socket = stage.socket('/')
      for (const method of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
        assert.isFunction(Reflect.get(socket, method), method)
      }
    },
  }),
  windowOnly(`${folder}/006.html`, overHttp1, {
    'has the event handler attributes': stage => {
      const socket = stage.socket('/')
      for (const name of eventNames) assert.isTrue(`on${name}` in socket, name)
    },
  }),
  windowOnly(`${folder}/007.html`, everyVariant, {
    'onmessage runs for an event that is dispatched': runsHandlerForDispatched('message'),
  }),
  windowOnly(`${folder}/008.html`, overHttp1, {
    'onerror runs for an event that is dispatched': runsHandlerForDispatched('error'),
  }),
  windowOnly(`${folder}/009.html`, overHttp1, {
    'onclose runs for an event that is dispatched': runsHandlerForDispatched('close'),
  }),
  windowOnly(`${folder}/010.html`, overHttp1, forEachCleared('undefined', undefined)),
  windowOnly(`${folder}/011.html`, overHttp1, forEachIgnored('a number', 1)),
  windowOnly(`${folder}/012.html`, overHttp1, forEachIgnored('a string', ';')),
  windowOnly(
    `${folder}/013.html`,
    overHttp1,
    forEach(
      attribute => `${attribute} keeps an object, but does not call its handleEvent`,
      '/empty-message',
      (socket, attribute, name) => {
        let called = false
        const object = {
          handleEvent() {
            called = true
          },
        }
        Reflect.set(socket, attribute, object)
        assert.equal(socket[attribute], object)
        socket.dispatchEvent(new Event(name))
        assert.isFalse(called)
      },
    ),
  ),
  windowOnly(`${folder}/014.html`, overHttp1, forEachCleared('null', null)),
  windowOnly(`${folder}/015.html`, everyVariant, {
    'the events are of their classes': checksAllEvents((event, name, socket, stage) => {
      assert.instanceOf(event, Event)
      if (name === 'message') {
        assert.instanceOf(event, stage.need('MessageEvent'))
        assert.equal(socket.readyState, socket.OPEN)
      }
      if (name === 'error') assert.equal(socket.readyState, socket.CLOSED)
      if (name === 'close') assert.instanceOf(event, stage.need('CloseEvent'))
    }, throughAttributes),
  }),
  long(
    windowOnly(`${folder}/016.html`, everyVariant, {
      'listeners and attributes run in the order of their addition': runsListenersInOrder,
    }),
  ),
  windowOnly(`${folder}/017.html`, everyVariant, {
    'this, target, currentTarget and eventPhase': checksAllEvents((event, name, socket, _stage, self) => {
      assert.equal(self, socket, `this, ${name}`)
      assert.equal(event.target, socket, `target, ${name}`)
      assert.equal(event.currentTarget, socket, `currentTarget, ${name}`)
      assert.equal(event.eventPhase, 2, `eventPhase, ${name}`)
    }, throughListeners),
  }),
  windowOnly(`${folder}/018.html`, everyVariant, {
    'toString(), bubbles and cancelable': checksAllEvents((event, name) => {
      const classes = { open: 'Event', message: 'MessageEvent', error: 'Event', close: 'CloseEvent' }
      assert.equal(String(event), `[object ${classes[name]}]`, name)
      assert.isFalse(event.bubbles, `bubbles, ${name}`)
      assert.isFalse(event.cancelable, `cancelable, ${name}`)
    }, throughListeners),
  }),
  windowOnly(`${folder}/019.html`, overHttp1, forEachRemoved()),
  windowOnly(`${folder}/020.html`, overHttp1, {
    'a host that does not exist gives an error event': async stage => {
      const event = await throughAttributes(stage.construct('ws://example.invalid/'), {}, { until: 'error' })
      assert.instanceOf(event, Event)
    },
  }),
]
