import crypto from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { FrameWriter } from '#lib/codec/frame-writer.js'
import { maskInPlace } from '#lib/codec/mask.js'
import type { Platform } from '#lib/codec/platform.js'
import { ping } from '#lib/entry/node.js'
import { nodePlatform } from '#lib/platform/node.js'
import { webPlatform } from '#lib/platform/web.js'
import { assemble } from '../../scripts/assemble/assembler.ts'
import { withProperty } from '../support/expect.ts'
import { platforms } from '../support/frame-recorder.ts'
import { CLOSE, closeBody, PING, PONG, TEXT } from '../support/raw-server.ts'
import { root } from '../support/root.ts'
import { parseClientFrames } from '../support/scripted-pipe.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** A generator whose bytes are known: each four are a counter. */
function countingPlatform(platform: Platform): Platform & { readonly given: () => number } {
  let count = 0
  return {
    ...platform,
    given: () => count,
    fillRandom(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      for (let index = 0; index + 4 <= bytes.length; index += 4) view.setUint32(index, count++ * 0x01020305)
    },
  }
}

function written(writer: FrameWriter): Buffer {
  const pieces: Uint8Array[] = []
  writer.flush({ write: bytes => pieces.push(bytes) > 0 })
  return Buffer.concat(pieces)
}

describe('RFC 6455 section 5.3: masking', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    for (const masking of [undefined, platform.maskingMemory!()!]) {
      const how = masking === undefined ? 'by the loop' : 'by the host'
      it(`octet i of the payload is combined with octet i modulo 4 of the key, ${name} platform, ${how}`, () => {
        const size = 400
        const start = masking === undefined ? 0 : 65536 - 200
        const bytes = masking?.bytes.subarray(start, start + size) ?? new Uint8Array(size)
        const words = new Int32Array(bytes.buffer, bytes.byteOffset, size / 4)
        for (let at = 0; at < 8; at++) {
          for (const length of [...Array(200).keys(), 255, 256, 257, 383]) {
            for (let index = 0; index < size; index++) bytes[index] = index * 5 + length
            const before = Buffer.from(bytes)
            maskInPlace(platform, { bytes, words, masking }, at, at + 4 + length)
            const key = Buffer.from(bytes.subarray(at, at + 4))
            for (let index = 0; index < size; index++) {
              if (index >= at && index < at + 4) continue
              const inside = index >= at + 4 && index < at + 4 + length
              const expected = inside ? before[index]! ^ key[(index - at - 4) % 4]! : before[index]!
              if (bytes[index] !== expected) expect.fail(`byte ${index} of ${length} at ${at}`)
            }
          }
        }
      })
    }

    it(`the key stands behind the length, and masks the payload, ${name} platform`, () => {
      const counting = countingPlatform(platform)
      const writer = new FrameWriter(counting)
      for (const length of [0, 1, 3, 4, 125, 126, 20_000, 65_536]) {
        const payload = Buffer.from(Array.from({ length }, (_, index) => index & 0xff))
        writer.frame(2, payload)
        const [frame] = parseClientFrames(written(writer))
        expect(frame!.payload.equals(payload)).to.equal(true)
        // What the generator gave, as it gave it.
        expect(frame!.key.readUInt32BE() % 0x01020305).to.equal(0)
      }
    })

    it(`each frame has a fresh key from the system's generator, ${name} platform`, () => {
      const counting = countingPlatform(platform)
      const writers = [new FrameWriter(counting), new FrameWriter(counting)]
      const keys = new Set<string>()
      const frames = 5000
      for (let index = 0; index < frames; index++) {
        const writer = writers[index & 1]!
        if (index % 3 === 0) writer.text('text')
        else writer.frame(index % 3 === 1 ? 9 : 2, Buffer.from([index]))
        if (index % 7 === 0) writer.text('x'.repeat(20_000))
        const parsed = parseClientFrames(written(writer))
        for (const { key } of parsed) keys.add(key.toString('hex'))
      }
      expect(keys.size).to.equal(frames + Math.ceil(frames / 7))
      expect(counting.given()).to.be.at.least(keys.size)
    })
  }

  it('a host without WebAssembly has no memory that masks, and says so', async () => {
    for (const [index, value] of [undefined, {}, { Module: () => expect.fail('not to be compiled') }].entries()) {
      // A module of its own each time, since one asks once.
      const { maskingMemory } = (await import(
        `../../../dist/platform/simd.js?${index}`
      )) as typeof import('#lib/platform/simd.js')
      await withProperty(globalThis, 'WebAssembly', value, () => {
        expect(maskingMemory()).to.equal(undefined)
      })
      expect(maskingMemory()).to.equal(undefined)
    }
  })

  it('the module that masks is what its source says', async () => {
    const folder = join(root, 'lib/platform')
    const source = await readFile(join(folder, 'simd.wat'), 'utf8')
    expect(await readFile(join(folder, 'simd-module.ts'), 'utf8')).to.equal(await assemble('simd.wat', source))
  })

  it('the keys of one platform are not used up by another', () => {
    const [first, second] = [countingPlatform(nodePlatform), countingPlatform(nodePlatform)]
    const writers = [new FrameWriter(first), new FrameWriter(second)]
    for (let index = 0; index < 10; index++) {
      for (const writer of writers) {
        writer.text('a')
        expect(parseClientFrames(written(writer))).to.have.length(1)
      }
    }
    // Each got its bytes from its own generator: a key is used by one frame, so each had to be asked at every change.
    expect(first.given()).to.be.at.least(10)
    expect(second.given()).to.be.at.least(10)
  })

  it('the node platform asks node:crypto for random bytes', () => {
    const original = crypto.randomFillSync
    let asked = 0
    crypto.randomFillSync = ((bytes: Uint8Array) => {
      asked += bytes.length
      return bytes.fill(7)
    }) as unknown as typeof original
    syncBuiltinESMExports()
    try {
      const bytes = new Uint8Array(16)
      nodePlatform.fillRandom(bytes)
      expect(asked).to.equal(16)
      expect([...new Set(bytes)]).to.deep.equal([7])
    } finally {
      crypto.randomFillSync = original
      syncBuiltinESMExports()
    }
  })

  it('the web platform asks crypto.getRandomValues for random bytes', async () => {
    const bytes = new Uint8Array(16)
    const getRandomValues = (target: Uint8Array): Uint8Array => target.fill(9)
    await withProperty(globalThis.crypto, 'getRandomValues', getRandomValues, () => webPlatform.fillRandom(bytes))
    expect([...new Set(bytes)]).to.deep.equal([9])
  })

  describe('over a connection', () => {
    const loopback = useLoopback()

    it('every frame is masked, control frames and empty ones too', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.send('text')
      socket.send('')
      socket.send(new Uint8Array([1, 2, 3]))
      socket.send('x'.repeat(70_000))
      ping(socket, 'ping').catch(() => {})
      await peer.send(PING, 'pong')
      // A ping and a pong go past nothing here: all came in this order, or the pong later.
      const opcodes: number[] = []
      for (let index = 0; index < 6; index++) {
        const frame = await peer.readFrame()
        expect(frame.masked).to.equal(true)
        expect(frame.key.length).to.equal(4)
        opcodes.push(frame.opcode)
      }
      expect(opcodes.sort((a, b) => a - b)).to.deep.equal([TEXT, TEXT, TEXT, 2, PING, PONG].sort((a, b) => a - b))
      const closed = next(socket, 'close')
      socket.close()
      expect(await peer.readFrame()).to.include({ opcode: CLOSE, masked: true })
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
      await closed
    })

    it('keys differ from frame to frame', async () => {
      const { socket, peer } = await loopback.rawPair()
      const keys = new Set<string>()
      for (let index = 0; index < 1000; index++) socket.send('the same')
      for (let index = 0; index < 1000; index++) {
        const frame = await peer.readFrame()
        expect(frame.text).to.equal('the same')
        keys.add(Buffer.from(frame.key).toString('hex'))
      }
      // 32 random bits: more than a few equal ones among a thousand do not come by chance.
      expect(keys.size).to.be.above(995)
    })
  })
})
