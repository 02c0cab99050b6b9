import { Buffer, File } from 'node:buffer'
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { ping, WebSocket } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError } from '../support/expect.ts'
import { slowBlob } from '../support/foreign-blob.ts'
import { BINARY, CLOSE, TEXT } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** https://websockets.spec.whatwg.org/#dom-websocket-send */
describe('WHATWG WebSocket send()', () => {
  const loopback = useLoopback()

  async function untypedPair() {
    const { socket, peer } = await loopback.rawPair()
    return { socket, peer, send: socket.send.bind(socket) as (...data: unknown[]) => void }
  }

  describe('text', () => {
    it('goes out as UTF-8, whatever its length', async () => {
      const { socket, peer } = await loopback.rawPair()
      const texts = ['', 'hello', 'é€😀', '\ufeffmark', '\0', '"\r\n']
      // Around the lengths at which the header changes, and the writer its way; in ASCII and not.
      for (const length of [125, 126, 127, 5461, 5462, 16384, 16385, 65535, 65536, 200_000]) {
        texts.push('a'.repeat(length), `${'a'.repeat(length)}é`, '€'.repeat(Math.ceil(length / 3)))
      }
      for (const text of texts) socket.send(text)
      for (const text of texts) {
        const frame = await peer.readFrame()
        expect(frame).to.include({ fin: true, rsv: 0, opcode: TEXT, masked: true })
        expect(Buffer.from(text).equals(frame.payload), `${text.length} characters`).to.equal(true)
      }
    })

    it('has U+FFFD for each lone surrogate', async () => {
      const { socket, peer } = await loopback.rawPair()
      const long = 'x'.repeat(20_000)
      for (const prefix of ['', long]) {
        socket.send(`${prefix}a\ud800b`)
        expect((await peer.readFrame()).text).to.equal(`${prefix}a\ufffdb`)
        socket.send(`${prefix}\udc00\ud800`)
        expect((await peer.readFrame()).text).to.equal(`${prefix}\ufffd\ufffd`)
        socket.send(`${prefix}\ud83d\ude00\ud83d`)
        expect((await peer.readFrame()).text).to.equal(`${prefix}😀\ufffd`)
      }
    })

    it('is what anything else becomes as a string', async () => {
      const { peer, send } = await untypedPair()
      const values = [
        null,
        undefined,
        true,
        12.5,
        10n,
        {},
        [1, [2, 3]],
        { toString: () => 'own' },
        () => 1,
        new String('s'),
      ]
      for (const value of values) {
        send(value)
        const frame = await peer.readFrame()
        expect(frame.opcode).to.equal(TEXT)
        expect(frame.text).to.equal(String(value))
      }
    })

    it('is not there without an argument, for a symbol, or if its conversion throws', async () => {
      const { socket, peer, send } = await untypedPair()
      const error = new RangeError('mine')
      expectTypeError(() => send())
      expectTypeError(() => send(Symbol('text')))
      const throws = {
        toString(): string {
          throw error
        },
      }
      expect(() => send(throws)).to.throw(error)
      expect(socket.bufferedAmount).to.equal(0)
      send('after')
      expect((await peer.readFrame()).text).to.equal('after')
    })
  })

  describe('binary', () => {
    const types = [
      'Int8Array',
      'Uint8Array',
      'Uint8ClampedArray',
      'Int16Array',
      'Uint16Array',
      'Int32Array',
      'Uint32Array',
      'Float16Array',
      'Float32Array',
      'Float64Array',
      'BigInt64Array',
      'BigUint64Array',
      'DataView',
    ].filter(name => name in globalThis)
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 3)

    for (const type of types) {
      it(`is what an ${type} shows of its buffer`, async () => {
        const { socket, peer } = await loopback.rawPair()
        const View = (globalThis as any)[type]
        const size = View.BYTES_PER_ELEMENT ?? 1
        const all = bytes.slice().buffer
        socket.send(new View(all))
        socket.send(new View(all, 8))
        socket.send(new View(all, 16, 16 / size))
        socket.send(new View(all, 32, 0))
        for (const expected of [bytes, bytes.subarray(8), bytes.subarray(16, 32), bytes.subarray(0, 0)]) {
          const frame = await peer.readFrame()
          expect(frame.opcode).to.equal(BINARY)
          expect([...frame.payload]).to.deep.equal([...expected])
        }
      })
    }

    it('is an ArrayBuffer, a Buffer, and those of another realm', async () => {
      const { peer, send } = await untypedPair()
      const expression = 'new Uint8Array([1, 2, 3, 4, 5])'
      const values = [
        [Uint8Array.of(1, 2, 3).buffer, [1, 2, 3]],
        [new ArrayBuffer(0), []],
        [Buffer.from('abc'), [97, 98, 99]],
        [runInNewContext(`${expression}.buffer`), [1, 2, 3, 4, 5]],
        [runInNewContext(`${expression}.subarray(1, 3)`), [2, 3]],
        [runInNewContext(`new DataView(${expression}.buffer, 2)`), [3, 4, 5]],
      ] as const
      for (const [value, expected] of values) {
        send(value)
        const frame = await peer.readFrame()
        expect(frame.opcode).to.equal(BINARY)
        expect([...frame.payload]).to.deep.equal([...expected])
      }
    })

    it('is copied: what the caller does with the memory afterwards does not show', async () => {
      const { socket, peer } = await loopback.rawPair()
      for (const length of [10, 20_000, 100_000]) {
        const data = new Uint8Array(length).fill(7)
        socket.send(data)
        data.fill(8)
        const moved = new Uint8Array(length).fill(9)
        socket.send(moved)
        structuredClone(moved, { transfer: [moved.buffer] })
        expect((await peer.readFrame()).payload.every(byte => byte === 7)).to.equal(true)
        const { payload } = await peer.readFrame()
        expect(payload).to.have.lengthOf(length)
        expect(payload.every(byte => byte === 9)).to.equal(true)
      }
    })

    it('is copied when it waits behind a Blob, too', async () => {
      const { socket, peer } = await loopback.rawPair()
      const data = new Uint8Array(10).fill(7)
      socket.send(new Blob(['first']))
      socket.send(data)
      data.fill(8)
      expect((await peer.readFrame()).text).to.equal('first')
      expect([...(await peer.readFrame()).payload]).to.deep.equal(Array(10).fill(7))
    })

    it('arrives as it was from several connections at once, which the servers hold up', async function () {
      this.timeout(60_000)
      const options = { perMessageDeflate: false }
      const server = await loopback.serve({ maxPayload: 2 ** 24 })
      const connections = []
      for (let index = 0; index < 3; index++) {
        const socket = await loopback.open(server.url, options)
        const peer = await server.accept()
        connections.push({ socket, peer, sent: createHash('sha1'), received: createHash('sha1') })
      }
      const lengths = Array.from({ length: 120 }, (_, index) => [index, 5000, 70_000, 400_000][index % 4]! + index)
      for (const { peer } of connections) peer.socket.pause()
      for (const [index, length] of lengths.entries()) {
        for (const [which, { socket, sent }] of connections.entries()) {
          const bytes = Buffer.alloc(length, `${which} ${index} `)
          sent.update(bytes)
          socket.send(bytes)
        }
        if (index % 10 === 0) await turn()
        // First more waits than the network takes, then they take turns.
        if (index > 30) connections[index % 3]!.peer.socket[index % 2 === 0 ? 'resume' : 'pause']()
      }
      for (const { peer, sent, received } of connections) {
        peer.socket.resume()
        for (const length of lengths) {
          const { data } = await peer.message()
          expect(data.length).to.equal(length)
          received.update(data)
        }
        expect(received.digest('hex')).to.equal(sent.digest('hex'))
      }
    })

    it('is empty for a detached buffer and its views', async () => {
      const { socket, peer } = await loopback.rawPair()
      const view = new Uint8Array(8)
      const { buffer } = view
      const other = new DataView(buffer, 4)
      structuredClone(buffer, { transfer: [buffer] })
      for (const data of [buffer, view]) {
        socket.send(data)
        expect(await peer.readFrame()).to.deep.include({ opcode: BINARY, payload: Buffer.alloc(0) })
      }
      expect(() => other.byteLength, 'as the host has it').to.throw(TypeError)
      socket.send(other)
      expect(await peer.readFrame()).to.deep.include({ opcode: BINARY, payload: Buffer.alloc(0) })
    })

    it('must not be shared or resizable memory', async () => {
      const { socket, peer, send } = await untypedPair()
      const shared = new SharedArrayBuffer(8)
      const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer
      const Growable = SharedArrayBuffer as unknown as new (length: number, options: object) => SharedArrayBuffer
      const resizable = new Resizable(8, { maxByteLength: 16 })
      const growable = new Growable(8, { maxByteLength: 16 })
      for (const buffer of [shared, resizable, growable, runInNewContext('new SharedArrayBuffer(8)')]) {
        for (const data of [buffer, new Uint8Array(buffer), new DataView(buffer, 2, 2), new Float64Array(buffer)]) {
          expectTypeError(() => send(data))
        }
      }
      expect(socket.bufferedAmount).to.equal(0)
      send('after')
      expect((await peer.readFrame()).text).to.equal('after')
    })
  })

  describe('Blob', () => {
    it('is its bytes', async () => {
      const { socket, peer } = await loopback.rawPair()
      const large = Buffer.alloc(300_000, 'blob')
      const blobs: [Blob, Buffer][] = [
        [new Blob(['text', Uint8Array.of(0, 255)], { type: 'text/plain' }), Buffer.from('text\u0000\u00ff', 'latin1')],
        [new Blob([]), Buffer.alloc(0)],
        [new Blob([large]), large],
        [new Blob(['0123456789']).slice(2, 5), Buffer.from('234')],
        [new File(['file'], 'name.txt'), Buffer.from('file')],
      ]
      for (const [blob] of blobs) socket.send(blob)
      for (const [, expected] of blobs) {
        const { opcode, payload } = await peer.readFrame()
        expect(opcode).to.equal(BINARY)
        expect(expected.equals(payload)).to.equal(true)
      }
    })

    it('keeps its place among what is sent before and after', async () => {
      const { socket, peer } = await loopback.rawPair()
      const first = slowBlob('first')
      const second = slowBlob('second')
      socket.send('a')
      socket.send(first.blob)
      socket.send('b')
      socket.send(Uint8Array.of(99))
      socket.send(second.blob)
      socket.send(new Blob(['third']))
      socket.send('d')
      expect((await peer.readFrame()).text).to.equal('a')
      // The second can be read before the first.
      second.release()
      await turn()
      first.release()
      const texts: string[] = []
      for (let index = 0; index < 6; index++) texts.push((await peer.readFrame()).text)
      expect(texts).to.deep.equal(['first', 'b', 'c', 'second', 'third', 'd'])
    })

    it('keeps its place before close()', async () => {
      const { socket, peer } = await loopback.rawPair()
      const blob = slowBlob('blob')
      socket.send(blob.blob)
      socket.send('text')
      socket.close(3001, 'bye')
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      await turn()
      blob.release()
      expect((await peer.readFrame()).text).to.equal('blob')
      expect((await peer.readFrame()).text).to.equal('text')
      const close = await peer.readFrame()
      expect(close.opcode).to.equal(CLOSE)
      expect(close.text.slice(2)).to.equal('bye')
    })

    it('does not hold up a ping', async () => {
      const { socket, peer } = await loopback.pair()
      const blob = slowBlob('blob')
      socket.send(blob.blob)
      await ping(socket, 'past')
      expect((await peer.ping()).toString()).to.equal('past')
      blob.release()
      expect((await peer.message()).text).to.equal('blob')
    })
  })

  describe('states', () => {
    const values = { text: 'text', ArrayBuffer: new ArrayBuffer(4), view: new Uint8Array(4), Blob: new Blob(['blob']) }

    for (const [name, value] of Object.entries(values)) {
      it(`throws an InvalidStateError for ${name} while connecting`, async () => {
        const server = await loopback.serve()
        const socket = loopback.socket(server.url)
        expectDOMException(() => socket.send(value), 'InvalidStateError')
        expect(socket.bufferedAmount).to.equal(0)
        await next(socket, 'open')
        socket.send('first')
        expect((await (await server.accept()).message()).text).to.equal('first')
      })

      it(`drops ${name} once closing, and counts it`, async () => {
        const { socket, peer } = await loopback.rawPair()
        socket.close()
        socket.send(value)
        expect(socket.bufferedAmount).to.equal(4)
        socket.send(value)
        expect(socket.bufferedAmount).to.equal(8)
        expect((await peer.readFrame()).opcode).to.equal(CLOSE)
        await peer.send(CLOSE)
        const rest = peer.readToEnd()
        peer.end()
        await next(socket, 'close')
        expect(await rest).to.have.lengthOf(0)
        expect(socket.bufferedAmount).to.equal(8)
        socket.send(value)
        expect(socket.bufferedAmount).to.equal(12)
      })
    }

    it('converts before it looks at the state', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      const send = socket.send.bind(socket) as (...data: unknown[]) => void
      expectTypeError(() => send())
      expectTypeError(() => send(Symbol('text')))
      expectTypeError(() => send(new SharedArrayBuffer(1)))
      let converted = 0
      expectDOMException(() => send({ toString: () => `${converted++}` }), 'InvalidStateError')
      expect(converted).to.equal(1)
      socket.close()
      expectTypeError(() => send(Symbol('text')))
      expectTypeError(() => send(new Uint8Array(new SharedArrayBuffer(1))))
      send({ toString: () => `${converted++}` })
      expect(converted).to.equal(2)
      await next(socket, 'close')
      expectTypeError(() => send(Symbol('text')))
    })

    it('sends from the open event on, within it too', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      socket.onopen = () => socket.send('from open')
      const peer = await server.accept()
      expect((await peer.message()).text).to.equal('from open')
    })

    it('drops what is sent after the close that came while connecting', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      socket.close()
      socket.send('text')
      expect(socket.bufferedAmount).to.equal(4)
      await next(socket, 'close')
      expect(socket.bufferedAmount).to.equal(4)
    })

    it('returns undefined', async () => {
      const { socket } = await loopback.pair()
      expect(socket.send('text')).to.equal(undefined)
      expect(socket.send(new Blob([]))).to.equal(undefined)
      socket.close()
      expect(socket.send('text')).to.equal(undefined)
    })
  })
})
