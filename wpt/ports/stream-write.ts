import type { Port, SocketStream } from '../port.ts'
import * as assert from './support/assert.ts'
import { collectGarbage } from './support/garbage.ts'
import { type Act, anyScope, everyVariant, type Stage } from './support/stage.ts'
import { rejectionOf, rejectsWithDOMException, rejectsWithTypeError } from './support/throws.ts'

/** More than the buffers of both sockets hold, so it is not all written when the server, which reads no further, closes. */
const bigMessageSize = 64 * 1024 * 1024

/** How often a message is sent at most, until the server's close meets it under way. */
const ATTEMPTS = 5

/**
 * Asks the server to close, sends a big message right after, and returns when the connection is closed. On a machine with other things
 * to do, the server may have closed before the message is begun, which is a clean close: then both begin again.
 */
async function closesUnderABigMessage(stage: Stage) {
  for (let attempt = 1; ; attempt++) {
    const stream = stage.stream('/echo_exit')
    const { writable } = await stream.opened
    const writer = writable.getWriter()
    const goodbye = writer.write('Goodbye')
    const bigMessage = writer.write(new Uint8Array(bigMessageSize))
    bigMessage.catch(() => {})
    await goodbye
    const isClean = await stream.closed.then(
      () => true,
      () => false,
    )
    if (isClean && attempt < ATTEMPTS) continue
    const error = (await rejectionOf(stream.closed)) as Error
    assert.equal(error.constructor, stage.need('WebSocketError'))
    return { writer, bigMessage }
  }
}

/** Expects write() to reject the value of `make` with a TypeError. */
function refuses(make: () => unknown): Act {
  return async stage => {
    const { writable } = await stage.stream('/echo').opened
    const writer = writable.getWriter()
    await rejectsWithTypeError(Reflect.apply(writer.write, writer, [make()]))
  }
}

/** Shared memory by way of WebAssembly: pages that are not cross-origin isolated have no global SharedArrayBuffer. */
function sharedMemory(): SharedArrayBuffer {
  const { Memory } = Reflect.get(globalThis, 'WebAssembly') as {
    Memory: new (descriptor: object) => { buffer: SharedArrayBuffer }
  }
  return new Memory({ initial: 1, maximum: 1, shared: true }).buffer
}

/** Starts writes, and keeps only a weak reference to the stream. */
async function startsWritesAndForgets(stage: Stage): Promise<WeakRef<SocketStream>> {
  // Not `stage.stream()`, which would keep a reference.
  const WebSocketStream = stage.need('WebSocketStream')
  const stream = new WebSocketStream(stage.url('/echo'))
  const { writable } = await stream.opened
  const writer = writable.getWriter()
  for (let index = 0; index < 20; index++) {
    // The writes fail when the connection is collected too.
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
