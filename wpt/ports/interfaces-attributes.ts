import type { Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import { restoring } from './support/restore.ts'
import { type Act, everyVariant, long, overHttp1, windowOnly } from './support/stage.ts'

type Attribute = 'bufferedAmount' | 'readyState' | 'url'

/** Puts a getter on the prototype and expects an instance to use it. */
function getterCanBeReplaced(attribute: Attribute): Act {
  return stage => {
    const { prototype } = stage.need('WebSocket')
    restoring(prototype, [attribute], () => {
      Object.defineProperty(prototype, attribute, { get: () => 'foo' })
      assert.equal(stage.construct('ws://example.invalid/')[attribute], 'foo')
    })
  }
}

/** Puts a setter on the prototype and expects an instance to use it. */
function setterCanBeAdded(attribute: Attribute): Act {
  return stage => {
    const { prototype } = stage.need('WebSocket')
    restoring(prototype, [attribute], () => {
      let got: unknown
      Object.defineProperty(prototype, attribute, {
        set(value: unknown) {
          got = value
        },
      })
      Reflect.set(stage.construct('ws://example.invalid/'), attribute, 'given')
      assert.equal(got, 'given')
    })
  }
}

/** Deletes the attribute of an instance, which does nothing, and then that of the prototype, which leaves undefined. */
function canBeDeletedOnlyFromPrototype(attribute: Attribute, prepare: (socket: Socket) => unknown): Act {
  return stage => {
    const { prototype } = stage.need('WebSocket')
    const socket = stage.socket('/echo')
    const value = prepare(socket)
    restoring(prototype, [attribute], () => {
      Reflect.deleteProperty(socket, attribute)
      assert.equal(socket[attribute], value)
      Reflect.deleteProperty(prototype, attribute)
      assert.isUndefined(socket[attribute])
    })
  }
}

/** Sends in the open event, expects bufferedAmount to grow by `bytes` at once, and looks at the echo. */
function buffers(bytes: number, send: (socket: Socket) => void, check: (data: unknown) => void): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const { data } = await throughAttributes(
      socket,
      {
        open: () => {
          send(socket)
          assert.equal(socket.bufferedAmount, bytes)
        },
      },
      { until: 'message' },
    )
    check(data)
  }
}

function buffersText(text: string, bytes: number): Act {
  return buffers(
    bytes,
    socket => socket.send(text),
    data => assert.equal(data, text),
  )
}

/** Like `buffers`, with an ArrayBuffer of ten bytes. */
function buffersArrayBuffer(binaryType: Socket['binaryType'], check: (data: unknown) => void): Act {
  return buffers(
    10,
    socket => {
      socket.binaryType = binaryType
      socket.send(new ArrayBuffer(10))
    },
    check,
  )
}

/** Characters of one, two, three and four bytes in UTF-8. */
const texts = ['x', '\u00E5', '\u5336', '\u{1047E}']

const folder = 'interfaces/WebSocket'

const bufferedAmount: Port[] = [
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-arraybuffer.html`, everyVariant, {
    'grows by the length of an ArrayBuffer, with binaryType arraybuffer': buffersArrayBuffer('arraybuffer', data => {
      assert.instanceOf(data, ArrayBuffer)
      assert.equal((data as ArrayBuffer).byteLength, 10)
    }),
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-blob.html`, everyVariant, {
    'grows by the length of an ArrayBuffer, with binaryType blob': buffersArrayBuffer('blob', data => {
      assert.instanceOf(data, Blob)
      assert.equal((data as Blob).size, 10)
    }),
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-defineProperty-getter.html`, overHttp1, {
    'its getter can be replaced': getterCanBeReplaced('bufferedAmount'),
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-defineProperty-setter.html`, overHttp1, {
    'a setter can be added': setterCanBeAdded('bufferedAmount'),
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-deleting.html`, overHttp1, {
    'can be deleted from the prototype only': canBeDeletedOnlyFromPrototype('bufferedAmount', socket => {
      assert.equal(socket.bufferedAmount, 0)
      socket.close()
      return 0
    }),
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-getting.html`, everyVariant, {
    'grows with each send, shrinks before the echoes': async stage => {
      const socket = stage.socket('/echo')
      const atMost = [9, 7, 4, 0]
      let received = 0
      await throughAttributes(
        socket,
        {
          open: () => {
            let bytes = 0
            for (const [index, text] of texts.entries()) {
              socket.send(text)
              bytes += index + 1
              assert.equal(socket.bufferedAmount, bytes)
            }
          },
          message: ({ data }) => {
            assert.equal(data, texts[received])
            assert.isAtMost(socket.bufferedAmount, atMost[received]!)
            received++
          },
        },
        { until: 'message', times: texts.length },
      )
    },
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-initial.html`, overHttp1, {
    'is 0 at first': stage => {
      assert.equal(stage.socket('/').bufferedAmount, 0)
    },
  }),
  long(
    windowOnly(`${folder}/bufferedAmount/bufferedAmount-large.html`, everyVariant, {
      'grows by 65000 with as many characters': buffersText('x'.repeat(65_000), 65_000),
    }),
  ),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-readonly.html`, overHttp1, {
    'cannot be set': stage => {
      const socket = stage.socket('/')
      Reflect.set(socket, 'bufferedAmount', 5)
      assert.equal(socket.bufferedAmount, 0)
    },
  }),
  windowOnly(`${folder}/bufferedAmount/bufferedAmount-unicode.html`, everyVariant, {
    'counts bytes, not characters': buffersText('\u00A5'.repeat(6), 12),
  }),
]

const readyState: Port[] = [
  windowOnly(`${folder}/readyState/001.html`, overHttp1, {
    'is CONNECTING at first': stage => {
      assert.equal(stage.socket('/').readyState, stage.need('WebSocket').CONNECTING)
    },
  }),
  windowOnly(`${folder}/readyState/002.html`, overHttp1, {
    'cannot be set': stage => {
      const socket = stage.socket('/')
      Reflect.set(socket, 'readyState', 5)
      assert.equal(socket.readyState, socket.CONNECTING)
    },
  }),
  windowOnly(`${folder}/readyState/003.html`, overHttp1, {
    'can be deleted from the prototype only': canBeDeletedOnlyFromPrototype('readyState', socket => {
      socket.close()
      return socket.CLOSING
    }),
  }),
  windowOnly(`${folder}/readyState/004.html`, overHttp1, {
    'its getter can be replaced': getterCanBeReplaced('readyState'),
  }),
  windowOnly(`${folder}/readyState/005.html`, overHttp1, { 'a setter can be added': setterCanBeAdded('readyState') }),
  windowOnly(`${folder}/readyState/006.html`, overHttp1, {
    'is OPEN in the open event': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(socket, { open: () => assert.equal(socket.readyState, socket.OPEN) }, { until: 'open' })
    },
  }),
  windowOnly(`${folder}/readyState/007.html`, overHttp1, {
    'is CLOSING after close()': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(
        socket,
        {
          open: () => {
            socket.close()
            assert.equal(socket.readyState, socket.CLOSING)
          },
        },
        { until: 'open' },
      )
    },
  }),
  windowOnly(`${folder}/readyState/008.html`, overHttp1, {
    'is CLOSED in the close event': async stage => {
      const socket = stage.socket('/echo')
      await throughAttributes(socket, {
        open: () => socket.close(),
        close: () => assert.equal(socket.readyState, socket.CLOSED),
      })
    },
  }),
]

const url: Port[] = [
  windowOnly(`${folder}/url/001.html`, overHttp1, {
    'has the slash that the input lacks': stage => {
      assert.equal(stage.socket('').url, stage.url('/'))
    },
  }),
  windowOnly(`${folder}/url/002.html`, overHttp1, {
    'cannot be set': stage => {
      const socket = stage.socket('/')
      Reflect.set(socket, 'url', stage.url('/test'))
      assert.equal(socket.url, stage.url('/'))
    },
  }),
  windowOnly(`${folder}/url/003.html`, overHttp1, {
    'can be deleted from the prototype only': canBeDeletedOnlyFromPrototype('url', socket => socket.url),
  }),
  windowOnly(`${folder}/url/004.html`, overHttp1, {
    'there is no URL in upper case': stage => {
      for (const object of [stage.socket('/'), stage.need('WebSocket').prototype]) {
        assert.isFalse('URL' in object)
        assert.isUndefined(Reflect.get(object, 'URL'))
      }
    },
  }),
  windowOnly(`${folder}/url/005.html`, overHttp1, { 'its getter can be replaced': getterCanBeReplaced('url') }),
  windowOnly(`${folder}/url/006.html`, overHttp1, { 'a setter can be added': setterCanBeAdded('url') }),
  windowOnly(`${folder}/url/resolve.html`, overHttp1, {
    'a space in the query is escaped': stage => {
      assert.equal(stage.socket('/echo?foo%20bar baz').url, stage.url('/echo?foo%20bar%20baz'))
    },
  }),
]

export const ports: Port[] = [
  ...bufferedAmount,
  windowOnly(`${folder}/extensions/001.html`, overHttp1, {
    'extensions is empty while connecting': stage => {
      assert.equal(stage.socket('/empty-message').extensions, '')
    },
  }),
  windowOnly(`${folder}/protocol/protocol-initial.html`, overHttp1, {
    'protocol is empty while connecting': stage => {
      assert.equal(stage.socket('/empty-message').protocol, '')
    },
  }),
  ...readyState,
  ...url,
]
