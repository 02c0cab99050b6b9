import type { Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import { type Act, everyVariant, long, overHttp1, windowOnly } from './support/stage.ts'
import { throwsDOMException, throwsTypeError } from './support/throws.ts'

/** Calls send() with any arguments, also with those that the types do not allow. */
function sendRaw(socket: Socket, ...args: unknown[]): unknown {
  return Reflect.apply(socket.send, socket, args)
}

function refusedWhileConnecting(text: string): Act {
  return stage => {
    const socket = stage.socket('/')
    throwsDOMException('InvalidStateError', () => socket.send(text))
  }
}

/** Sends in the open event, expects `echo`, closes, and expects one close event. */
function echoes(sent: unknown, echo: string): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    await throughAttributes(
      socket,
      {
        open: () => {
          sendRaw(socket, sent)
        },
        message: ({ data }) => {
          assert.equal(data, echo)
          socket.close()
        },
      },
      { quiet: true },
    )
  }
}

/** Makers of values that send() converts to strings, by title. */
const convertible: Record<string, (socket: Socket) => unknown> = {
  null: () => null,
  undefined: () => undefined,
  'a number': () => 1,
  'the global object': () => globalThis,
  // Upstream has the body of the document here: a platform object that is neither a Blob nor bytes.
  'a platform object': () => new EventTarget(),
  'a plain object': () => ({}),
  'an empty array': () => [],
  'the socket itself': socket => socket,
  'a function': () => () => {},
  'an Error': () => new Error('of a test'),
}

const sendsConverted = Object.entries(convertible).map(([title, make]): [string, Act] => [
  `${title} as its string`,
  async stage => {
    const socket = stage.socket('/echo')
    const value = make(socket)
    const { data } = await throughAttributes(
      socket,
      {
        open: () => {
          sendRaw(socket, value)
        },
      },
      { until: 'message' },
    )
    assert.equal(data, String(value))
  },
])

const sendsAllConverted: Act = async stage => {
  const socket = stage.socket('/echo')
  const values = Object.values(convertible).map(make => make(socket))
  const echoed: unknown[] = []
  await throughAttributes(
    socket,
    {
      open: () => {
        sendRaw(socket, values[0])
      },
      message: ({ data }) => {
        echoed.push(data)
        if (echoed.length < values.length) sendRaw(socket, values[echoed.length])
      },
    },
    { until: 'message', times: values.length },
  )
  assert.deepEqual(echoed, values.map(String))
}

const folder = 'interfaces/WebSocket/send'

export const ports: Port[] = [
  windowOnly(`${folder}/001.html`, overHttp1, {
    'no argument is a TypeError': stage => {
      const socket = stage.socket('/')
      throwsTypeError(() => sendRaw(socket))
    },
  }),
  windowOnly(`${folder}/002.html`, overHttp1, {
    'an instance can have another send': stage => {
      const socket = stage.socket('/')
      Reflect.set(socket, 'send', 5)
      assert.equal(Reflect.get(socket, 'send'), 5)
    },
  }),
  windowOnly(`${folder}/003.html`, overHttp1, { 'send() while connecting': refusedWhileConnecting('a') }),
  windowOnly(`${folder}/004.html`, overHttp1, {
    'a lone low surrogate while connecting': refusedWhileConnecting('a\uDC00x'),
    'a lone high surrogate while connecting': refusedWhileConnecting('a\uD800x'),
    'surrogates in the wrong order while connecting': refusedWhileConnecting('a\uDC00\uD800x'),
  }),
  long(
    windowOnly(`${folder}/005.html`, overHttp1, {
      'send() returns undefined': async stage => {
        const socket = stage.socket('/echo')
        await throughAttributes(socket, { open: () => assert.isUndefined(sendRaw(socket, 'test')) }, { until: 'open' })
      },
    }),
  ),
  windowOnly(`${folder}/006.html`, everyVariant, {
    'lone surrogates become U+FFFD': echoes('a\uDC00xb\uD800xc\uDC00\uD800x', 'a\uFFFDxb\uFFFDxc\uFFFD\uFFFDx'),
  }),
  windowOnly(`${folder}/007.html`, everyVariant, {
    'send() after close() does nothing': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(
        socket,
        {
          open: () => {
            socket.close()
            assert.isUndefined(sendRaw(socket, 'test'))
          },
        },
        { quiet: true },
      )
    },
  }),
  windowOnly(`${folder}/008.html`, overHttp1, {
    'send() in the close event does nothing': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(
        socket,
        {
          open: () => socket.send('Goodbye'),
          close: () => assert.isUndefined(sendRaw(socket, 'test')),
        },
        { allow: ['message'], quiet: true },
      )
    },
  }),
  windowOnly(`${folder}/009.html`, everyVariant, {
    'an empty message arrives': async stage => {
      const socket = stage.socket('/empty-message')
      await throughAttributes(
        socket,
        {
          open: () => socket.send(''),
          message: ({ data }) => {
            assert.equal(data, 'pass')
            socket.close()
          },
        },
        { quiet: true },
      )
    },
  }),
  long(
    windowOnly(`${folder}/010.html`, overHttp1, {
      'one after another on one socket': sendsAllConverted,
      ...Object.fromEntries(sendsConverted),
    }),
  ),
  windowOnly(`${folder}/011.html`, everyVariant, {
    'accents, combining characters and characters beyond the BMP': echoes(
      '\u00E5 a\u030A \u{1047E}',
      '\u00E5 a\u030A \u{1047E}',
    ),
  }),
  windowOnly(`${folder}/012.html`, everyVariant, { 'null becomes a string': echoes(null, 'null') }),
]
