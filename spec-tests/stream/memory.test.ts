import { expect } from 'chai'
import { measure } from '../../scripts/memory/measure.ts'
import { untilStill } from '../support/streams.ts'

const MEBIBYTE = 1024 * 1024
const TOTAL = 256 * MEBIBYTE
const ALLOWED = 32 * MEBIBYTE

/** The short form of scripts/memory/main.ts, which moves 1 GiB, over TLS as well. */
describe('WebSocketStream, memory', function () {
  this.timeout(60_000)

  for (const direction of ['receive', 'send'] as const) {
    for (const compressed of direction === 'receive' ? [false, true] : [false]) {
      const what =
        direction === 'receive' ? 'a fast sender and a slow reader' : 'a fast writer and a server that does not read'
      it(`is bounded with ${what}${compressed ? ', compressed' : ''}`, async () => {
        const size = compressed ? MEBIBYTE : 64 * 1024
        const scenario = { direction, secure: false, compressed, size, total: TOTAL }
        const { idle, slowPeak, slowBytes, bytes } = await measure(scenario, untilStill)
        expect(slowPeak - idle).to.be.lessThan(ALLOWED)
        // Compressed, all of it fits into the buffers of the system.
        if (!compressed) expect(slowBytes).to.be.lessThan(TOTAL / 4)
        expect(bytes).to.equal(TOTAL)
      })
    }
  }
})
