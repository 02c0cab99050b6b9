import type { Port, SocketStream } from '../port.ts'
import * as assert from './support/assert.ts'
import { collectGarbage } from './support/garbage.ts'
import { type Act, anyScope, everyVariant, type Stage } from './support/stage.ts'
import { rejectionOf, rejectsWithDOMException, rejectsWithTypeError } from './support/throws.ts'

/** More than the buffers of both sockets hold: the network cannot take it in before the server, which does not read on, has closed. */
const bigMessageSize = 64 * 1024 * 1024

/** Tells the server to close, right behind that a big message, and returns when the connection is gone. */
async function closesUnderABigMessage(stage: Stage) {
  const stream = stage.stream('/echo_exit')
  const { writable } = await stream.opened
  const writer = writable.getWriter()
  const goodbye = writer.write('Goodbye')
  const bigMessage = writer.write(new Uint8Array(bigMessageSize))
  bigMessage.catch(() => {})
  await goodbye
  const error = (await rejectionOf(stream.closed)) as Error
  assert.equal(error.constructor, stage.need('WebSocketError'))
  return { writer, bigMessage }
}

/** Expects write() to reject what `make` gives with a TypeError. */
function refuses(make: () => unknown): Act {
  return async stage => {
    const { writable } = await stage.stream('/echo').opened
    const writer = writable.getWriter()
    await rejectsWithTypeError(Reflect.apply(writer.write, writer, [make()]))
  }
}

/** Shared memory that pages get too that are not isolated from other origins and so have no SharedArrayBuffer. */
function sharedMemory(): SharedArrayBuffer {
  const { Memory } = Reflect.get(globalThis, 'WebAssembly') as {
    Memory: new (descriptor: object) => { buffer: SharedArrayBuffer }
  }
  return new Memory({ initial: 1, maximum: 1, shared: true }).buffer
}

/** Starts writes and drops every reference to the stream but a weak one. */
async function startsWritesAndForgets(stage: Stage): Promise<WeakRef<SocketStream>> {
  // Not made by the stage, which would keep a reference.
  const WebSocketStream = stage.need('WebSocketStream')
  const stream = new WebSocketStream(stage.url('/echo'))
  const { writable } = await stream.opened
  const writer = writable.getWriter()
  for (let index = 0; index < 20; index++) {
    // They fail when the connection is collected with the rest.
    writer.write(new Uint8Array(100_000)).catch(() => {})
  }
  return new WeakRef(stream)
}

export const ports: Port[] = [
  anyScope('stream/tentative/write.any.js', everyVariant, {
    'a write that the close leaves undone rejects, and those after it with the same error': async stage => {
      const { writer, bigMessage } = await closesUnderABigMessage(stage)
      await rejectsWithDOMException('InvalidStateError', bigMessage)
      assert.equal(await rejectionOf(writer.write('word')), await rejectionOf(bigMessage))
    },
    'a write that the close leaves undone survives a garbage collection': async stage => {
      const { bigMessage } = await closesUnderABigMessage(stage)
      await collectGarbage()
      await rejectsWithDOMException('InvalidStateError', bigMessage)
    },
    'an object that cannot become a string': refuses(() => ({
      toString() {
        return this
      },
    })),
    'a resizable ArrayBuffer': refuses(() => Reflect.construct(ArrayBuffer, [1024, { maxByteLength: 65_536 }])),
    'a view of shared memory': refuses(() => new Uint8Array(sharedMemory())),
    'a stream with pending writes can be collected': async stage => {
      const stream = await startsWritesAndForgets(stage)
      await collectGarbage()
      stream.deref()?.close()
    },
  }),
]
