import type { DataEvent, Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes, throughListeners } from './support/events.ts'
import { type Act, anyScope, everyVariant, long, workerOnly } from './support/stage.ts'
import { throwsDOMException } from './support/throws.ts'

/** Opens a socket to the echo handler, sends in the open event, checks the echo, closes, and expects a clean end. */
function echoes(send: (socket: Socket) => void, check: (event: DataEvent) => void): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const event = await throughListeners(socket, {
      open: () => send(socket),
      message: message => {
        check(message)
        socket.close()
      },
    })
    assert.isTrue(event.wasClean)
  }
}

/** Sends `text` and expects it back; `bytes` is what it adds to bufferedAmount. */
function echoesText(text: string, bytes?: number): Act {
  return echoes(
    socket => {
      socket.send(text)
      if (bytes !== undefined) assert.equal(socket.bufferedAmount, bytes)
    },
    event => assert.equal(event.data, text),
  )
}

function echoesArrayBuffer(size: number): Act {
  return echoes(
    socket => {
      socket.binaryType = 'arraybuffer'
      socket.send(new ArrayBuffer(size))
      assert.equal(socket.bufferedAmount, size)
    },
    event => {
      assert.instanceOf(event.data, ArrayBuffer)
      assert.equal((event.data as ArrayBuffer).byteLength, size)
    },
  )
}

type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
type TypedArrayClass = new (buffer: ArrayBuffer, offset?: number, length?: number) => TypedArray

/** Sends a view of a part of a buffer whose other bytes are 0xFF, and expects exactly the elements of the view back. */
function echoesView(className: string, bufferSize: number, offset = 0, length?: number): Act {
  return async stage => {
    const View = Reflect.get(globalThis, className) as TypedArrayClass | undefined
    if (View === undefined) assert.fail(`the host has no ${className}`)
    const view = new View(new Uint8Array(bufferSize).fill(0xff).buffer, offset, length)
    for (let index = 0; index < view.length; index++) view[index] = index
    await echoes(
      socket => {
        socket.binaryType = 'arraybuffer'
        socket.send(view)
      },
      event => {
        assert.instanceOf(event.data, ArrayBuffer)
        assert.deepEqual([...new View(event.data as ArrayBuffer)], [...view])
      },
    )(stage)
  }
}

/** Messages to a server that reads one every tenth of a second: five seconds in all. */
const messageCount = 50
const messageSize = 65_536

export const ports: Port[] = [
  anyScope('Send-0byte-data.any.js', everyVariant, { 'an empty string': echoesText('', 0) }),
  anyScope('Send-65K-data.any.js', everyVariant, {
    'a string of 65000 characters': echoesText('c'.repeat(65_000), 65_000),
  }),
  anyScope('Send-before-open.any.js', everyVariant, {
    'send() while connecting throws': stage => {
      const socket = stage.socket('/echo')
      throwsDOMException('InvalidStateError', () => socket.send('too early'))
    },
  }),
  anyScope('Send-binary-65K-arraybuffer.any.js', everyVariant, {
    'an ArrayBuffer of 65000 bytes': echoesArrayBuffer(65_000),
  }),
  anyScope('Send-binary-arraybuffer.any.js', everyVariant, { 'an ArrayBuffer of 15 bytes': echoesArrayBuffer(15) }),
  anyScope('Send-binary-arraybufferview-float16.any.js', everyVariant, {
    'a Float16Array': echoesView('Float16Array', 4),
  }),
  anyScope('Send-binary-arraybufferview-float32.any.js', everyVariant, {
    'a Float32Array': echoesView('Float32Array', 8),
  }),
  anyScope('Send-binary-arraybufferview-float64.any.js', everyVariant, {
    'a Float64Array': echoesView('Float64Array', 8),
  }),
  anyScope('Send-binary-arraybufferview-int16-offset.any.js', everyVariant, {
    'an Int16Array that starts inside its buffer': echoesView('Int16Array', 8, 2),
  }),
  anyScope('Send-binary-arraybufferview-int32.any.js', everyVariant, { 'an Int32Array': echoesView('Int32Array', 8) }),
  anyScope('Send-binary-arraybufferview-int8.any.js', everyVariant, { 'an Int8Array': echoesView('Int8Array', 8) }),
  anyScope('Send-binary-arraybufferview-uint16-offset-length.any.js', everyVariant, {
    'a Uint16Array that starts and ends inside its buffer': echoesView('Uint16Array', 8, 2, 2),
  }),
  anyScope('Send-binary-arraybufferview-uint32-offset.any.js', everyVariant, {
    'a Uint32Array with an explicit offset of 0': echoesView('Uint32Array', 8, 0),
  }),
  anyScope('Send-binary-arraybufferview-uint8-offset-length.any.js', everyVariant, {
    'a Uint8Array that starts and ends inside its buffer': echoesView('Uint8Array', 8, 2, 4),
  }),
  anyScope('Send-binary-arraybufferview-uint8-offset.any.js', everyVariant, {
    'a Uint8Array that starts inside its buffer': echoesView('Uint8Array', 8, 2),
  }),
  anyScope('Send-binary-blob.any.js', everyVariant, {
    'a Blob of 65000 bytes': echoes(
      socket => {
        socket.binaryType = 'blob'
        socket.send(new Blob(['\0'.repeat(65_000)]))
      },
      event => {
        assert.instanceOf(event.data, Blob)
        assert.equal((event.data as Blob).size, 65_000)
      },
    ),
  }),
  anyScope('Send-data.any.js', everyVariant, { 'a short string': echoesText('a message to send', 17) }),
  workerOnly('Send-data.worker.js', everyVariant, {
    'a short string from a worker': async stage => {
      const socket = stage.socket('/echo')
      const { data } = await throughListeners(socket, { open: () => socket.send('test data') }, { until: 'message' })
      assert.equal(data, 'test data')
    },
  }),
  anyScope('Send-null.any.js', everyVariant, {
    'null, which becomes a string': echoes(
      socket => Reflect.apply(socket.send, socket, [null]),
      // Upstream accepts an empty string too; the conversion of Web IDL leaves no choice.
      event => assert.equal(event.data, 'null'),
    ),
  }),
  anyScope('Send-paired-surrogates.any.js', everyVariant, {
    'a surrogate pair, four bytes': echoesText('\uD801\uDC07', 4),
  }),
  anyScope('Send-unicode-data.any.js', everyVariant, {
    'characters of two bytes each': echoesText('\u00A5'.repeat(6), 12),
  }),
  anyScope('Send-unpaired-surrogates.any.js', everyVariant, {
    'a lone surrogate, which becomes U+FFFD': echoes(
      socket => socket.send('\uD807'),
      event => assert.equal(event.data, '\uFFFD'),
    ),
  }),
  long(
    anyScope('send-many-64K-messages-with-backpressure.any.js', everyVariant, {
      '50 messages of 64 KiB reach a server that reads slowly': async stage => {
        const socket = stage.socket('/receive-many-with-backpressure')
        let acknowledged = 0
        const event = await throughAttributes(socket, {
          open: () => {
            for (let sent = 0; sent < messageCount; sent++) socket.send(new Uint8Array(messageSize))
          },
          message: ({ data }) => {
            assert.equal(data, String(messageSize))
            if (++acknowledged === messageCount) socket.close()
          },
        })
        assert.equal(acknowledged, messageCount)
        assert.isTrue(event.wasClean)
      },
    }),
  ),
]
