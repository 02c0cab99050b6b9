import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { sha1 } from '#lib/platform/sha1.js'
import { simdOfProcess } from '#lib/platform/simd.js'
import { decodeWith, encodeWith } from '#lib/platform/simd-utf8.js'
import { withProperty } from '../support/expect.ts'
import { platforms } from '../support/frame-recorder.ts'

/** Strings with everything that UTF-16 may have: all widths, and surrogates that stand alone. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0x7ff }),
      fc.integer({ min: 0xd7f0, max: 0xe00f }),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0x10000, max: 0x10ffff }),
    ),
    { maxLength: 60 },
  )
  .map(points => points.map(point => String.fromCodePoint(point)).join(''))

const EDGES = [
  '',
  '\0',
  '\x7f\x80',
  '\u07ff\u0800',
  '\ud7ff\ue000',
  '\uffff',
  '\ud800',
  '\udfff',
  'a\ud800',
  'a\udc00b',
  '\ud800\ud800\udc00',
  '\ud83d\ude00\ud83d',
  '\udc00\ud800',
  '\u{10ffff}',
  '\ufeff',
  '\ufeffa\ufeff',
  '\ufffd',
]

/** Bytes that are mostly UTF-8. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  anyText.map(text => new Uint8Array(Buffer.from(text))),
  fc.tuple(anyText, fc.nat(), fc.nat({ max: 255 })).map(([text, at, byte]) => {
    const bytes = new Uint8Array(Buffer.from(text))
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  }),
)

/** What Node's own strict decoder says, a byte order mark kept. */
function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

describe('platform', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  describe('sha1', () => {
    const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
    const ours = (bytes: Uint8Array): string => Buffer.from(sha1(bytes)).toString('hex')

    it('is that of node:crypto for every length around the blocks', () => {
      for (let length = 0; length <= 260; length++) {
        const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 89 + length) & 0xff))
        expect(ours(bytes), `${length} bytes`).to.equal(digest(bytes))
      }
    })

    it('is that of node:crypto for long and for random bytes', () => {
      for (const length of [1000, 65_535, 65_536, 1_000_003]) {
        const bytes = Buffer.alloc(length, 'some text to repeat')
        expect(ours(bytes)).to.equal(digest(bytes))
      }
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
          expect(ours(bytes)).to.equal(digest(bytes))
        }),
      )
    })

    it('leaves its input as it is', () => {
      const bytes = Uint8Array.of(1, 2, 3)
      sha1(bytes.subarray(1))
      expect([...bytes]).to.deep.equal([1, 2, 3])
    })
  })

  describe('UTF-8 by WebAssembly', () => {
    const simd = simdOfProcess()!
    const memory = Buffer.from(simd.memory.buffer)

    function check(text: string): void {
      const bytes = Buffer.from(text)
      // What stands around it stays.
      memory.fill(0xaa, 0, bytes.length + 40)
      const end = encodeWith(simd, text, 17)
      expect(memory.subarray(17, end).equals(bytes), 'encoded').to.equal(true)
      expect(memory.subarray(0, 17).every(byte => byte === 0xaa)).to.equal(true)
      expect(memory.subarray(end, end + 16).every(byte => byte === 0xaa)).to.equal(true)
      const decoded = decodeWith(simd, bytes)
      expect(decoded === bytes.toString(), 'decoded').to.equal(true)
    }

    it('is that of Buffer for all sorts of text', () => {
      for (const text of EDGES)
        for (const padding of ['', 'x'.repeat(7), 'x'.repeat(16)]) check(padding + text + padding)
      fc.assert(fc.property(anyText, check), { numRuns: 2000 })
    })

    it('is that of Buffer for each character', () => {
      for (let start = 0; start < 0x110000; start += 0x1000) {
        check(String.fromCodePoint(...Array.from({ length: 0x1000 }, (_, index) => start + index)))
      }
    })

    it('is that of Buffer where text passes in parts', () => {
      for (const characters of ['a', 'é', '€', '𝄞', 'a𝄞€é', '\ud800']) {
        for (const shift of ['', 'b', 'bb', 'bbb']) check(shift + characters.repeat(70_000))
      }
    })
  })

  for (const [name, platform] of platforms) {
    describe(name, () => {
      it('sha1: that of node:crypto, and the example of RFC 6455 section 1.3', () => {
        const text = 'dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        expect(platform.base64(platform.sha1(Buffer.from(text)))).to.equal('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
        const window = Buffer.from(`xx${text}yy`).subarray(2, -2)
        expect(platform.base64(platform.sha1(window))).to.equal('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      })

      it('base64: that of Buffer, for every length and byte', () => {
        for (let length = 0; length <= 64; length++) {
          const bytes = Uint8Array.from({ length }, (_, index) => (index * 67 + length * 13) & 0xff)
          expect(platform.base64(bytes)).to.equal(Buffer.from(bytes).toString('base64'))
        }
        const all = Uint8Array.from({ length: 10_000 }, (_, index) => index & 0xff)
        expect(platform.base64(all)).to.equal(Buffer.from(all).toString('base64'))
        // More than a call may have arguments.
        const many = new Uint8Array(1_000_000).map((_, index) => index)
        expect(platform.base64(many) === Buffer.from(many).toString('base64')).to.equal(true)
        expect(platform.base64(all.subarray(7, 100))).to.equal(Buffer.from(all.subarray(7, 100)).toString('base64'))
      })

      it('fillRandom: fills all, up to 65,536 bytes, and differently each time', () => {
        const seen = new Set<string>()
        for (let round = 0; round < 10; round++) {
          const memory = new Uint8Array(64)
          platform.fillRandom(memory.subarray(8, 40))
          expect([...memory.subarray(0, 8), ...memory.subarray(40)].every(byte => byte === 0)).to.equal(true)
          seen.add(Buffer.from(memory).toString('hex'))
        }
        expect(seen.size).to.equal(10)
        const large = new Uint8Array(65_536)
        platform.fillRandom(large)
        // Every value comes some 256 times; that one never does is beyond chance.
        expect(new Set(large).size).to.equal(256)
        expect(new Set(large.subarray(-4096)).size).to.be.above(200)
      })

      it('allocate: memory of just that size, from the beginning of a buffer of its own', () => {
        for (const size of [0, 1, 4, 1000, 65_536, 1_000_000]) {
          const bytes = platform.allocate(size)
          expect(bytes).to.be.an.instanceof(Uint8Array)
          expect(bytes).to.include({ length: size, byteOffset: 0 })
          expect(bytes.buffer.byteLength).to.equal(size)
        }
        expect(platform.allocate(8).buffer).not.to.equal(platform.allocate(8).buffer)
      })

      const expectEncoded = (text: string): void => {
        const expected = Buffer.from(text)
        expect(platform.utf8Length(text)).to.equal(expected.length)
        for (const offset of [0, 3]) {
          for (const memory of [new Uint8Array(expected.length + 8), Buffer.alloc(expected.length + 8)]) {
            memory.fill(0x5a)
            const target = memory.subarray(1)
            expect(platform.encodeUtf8(text, target, offset)).to.equal(expected.length)
            const end = 1 + offset + expected.length
            expect(Buffer.from(memory.subarray(1 + offset, end)).equals(expected)).to.equal(true)
            const around = [...memory.subarray(0, 1 + offset), ...memory.subarray(end)]
            expect(around.every(byte => byte === 0x5a)).to.equal(true)
          }
        }
      }

      it('utf8Length and encodeUtf8: those of Buffer, a lone surrogate as U+FFFD', () => {
        for (const text of EDGES) expectEncoded(text)
        for (const text of EDGES) expectEncoded(`${'x'.repeat(1000)}${text}${'\u20ac'.repeat(1000)}`)
        fc.assert(fc.property(anyText, expectEncoded))
        // What is not ASCII may stand anywhere in a long text; of U+0161 the lower byte alone would be.
        for (const length of [2047, 2048, 65_535, 65_536, 150_000]) {
          const text = 'x'.repeat(length)
          for (const other of ['', '\u00e9', '\u0161']) {
            expectEncoded(text + other)
            expectEncoded(other + text)
          }
        }
      })

      const expectDecoded = (bytes: Uint8Array): void => {
        const expected = decodeStrictly(bytes)
        const memory = new Uint8Array(bytes.length + 9).fill(0xe2)
        memory.set(bytes, 5)
        for (const [whole, start] of [
          [bytes, 0],
          [Buffer.from(bytes), 0],
          [memory, 5],
          [memory.subarray(2), 3],
          [Buffer.from(memory.buffer).subarray(1), 4],
        ] as const) {
          const end = start + bytes.length
          expect(platform.isUtf8(whole, start, end)).to.equal(expected !== undefined)
          expect(platform.decodeUtf8(whole, start, end)).to.equal(expected)
        }
      }

      it('isUtf8 and decodeUtf8: those of a strict TextDecoder, a byte order mark kept', () => {
        for (const text of EDGES) expectDecoded(new Uint8Array(Buffer.from(text)))
        for (let first = 0; first < 256; first++) {
          expectDecoded(Uint8Array.of(first))
          expectDecoded(Uint8Array.of(first, 0x80))
          expectDecoded(Uint8Array.of(first, 0xbf, 0xbf))
          expectDecoded(Uint8Array.of(first, 0x8f, 0xbf, 0xbf))
          expectDecoded(Uint8Array.of(0xef, 0xbf, 0xbd, first))
        }
        fc.assert(fc.property(anyBytes, expectDecoded), { numRuns: 500 })
      })
    })
  }

  it('web: an error of the decoder that is not about the bytes is thrown on', async () => {
    const [, web] = platforms.find(([name]) => name === 'web')!
    const decode = (): never => {
      throw new RangeError('Invalid string length')
    }
    await withProperty(TextDecoder.prototype, 'decode', decode, () => {
      expect(() => web.decodeUtf8(new Uint8Array(3), 0, 3)).to.throw(RangeError)
    })
  })
})
