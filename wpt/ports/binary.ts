import type { Port } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import { type Act, everyVariant, long, windowOnly } from './support/stage.ts'

/** Sends an ArrayBuffer of `size` bytes and expects as many back, in an object of the kind that binaryType asks for. */
function echoesBytes(binaryType: 'blob' | 'arraybuffer', size: number): Act {
  return async stage => {
    const socket = stage.socket('/echo')
    const { data } = await throughAttributes(
      socket,
      {
        open: () => {
          socket.binaryType = binaryType
          socket.send(new ArrayBuffer(size))
        },
      },
      { until: 'message' },
    )
    if (binaryType === 'blob') {
      assert.instanceOf(data, Blob)
      assert.equal((data as Blob).size, size)
    } else {
      assert.instanceOf(data, ArrayBuffer)
      assert.equal((data as ArrayBuffer).byteLength, size)
    }
  }
}

export const ports: Port[] = [
  windowOnly('binary/001.html', everyVariant, { 'ten bytes as a Blob': echoesBytes('blob', 10) }),
  long(windowOnly('binary/002.html', everyVariant, { '100000 bytes as a Blob': echoesBytes('blob', 100_000) })),
  long(
    windowOnly('binary/004.html', everyVariant, {
      '100000 bytes as an ArrayBuffer': echoesBytes('arraybuffer', 100_000),
    }),
  ),
  windowOnly('binary/005.html', everyVariant, { 'ten bytes as an ArrayBuffer': echoesBytes('arraybuffer', 10) }),
]
