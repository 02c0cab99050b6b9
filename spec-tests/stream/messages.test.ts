import { Blob, Buffer } from 'node:buffer'
import { ReadableStream as HostReadableStream, TextDecoderStream, TransformStream } from 'node:stream/web'
import { expect } from 'chai'
import type { Pipe, PipeSink, WebSocketOpenInfo } from '#lib/entry/node.js'
import { acceptanceFor } from '../support/acceptance.ts'
import { rejectionOf } from '../support/expect.ts'
import { BINARY, CLOSE, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { closeOf, expectRejection, readAll, useStreams } from '../support/streams.ts'

/** https://whatpr.org/websockets/48.html, reading and writing */
describe('WebSocketStream, messages', () => {
  const loopback = useStreams()

  describe('that are read', () => {
    it('are strings for text and Uint8Arrays for binary, in order', async () => {
      const { readable, peer } = await loopback.rawStreamPair()
      const long = 'é'.repeat(100_000)
      await peer.send(TEXT, 'one')
      await peer.send(BINARY, new Uint8Array([1, 2, 3]))
      await peer.send(TEXT, '')
      await peer.send(BINARY, '')
      await peer.send(TEXT, long)
      await peer.send(BINARY, new Uint8Array(200_000).fill(7))
      const reader = readable.getReader()
      const read = async () => (await reader.read()).value
      expect(await read()).to.equal('one')
      const bytes = (await read()) as Uint8Array
      expect(Object.getPrototypeOf(bytes)).to.equal(Uint8Array.prototype)
      expect([...bytes]).to.deep.equal([1, 2, 3])
      // Memory of its own, which may be transferred.
      expect(bytes.byteOffset).to.equal(0)
      expect(bytes.buffer).to.be.an.instanceof(ArrayBuffer)
      expect(bytes.buffer.byteLength).to.equal(3)
      expect(await read()).to.equal('')
      expect(await read()).to.deep.equal(new Uint8Array(0))
      expect(await read()).to.equal(long)
      expect(Buffer.from((await read()) as Uint8Array).equals(Buffer.alloc(200_000, 7))).to.equal(true)
    })

    it('come before the end of the stream, however they are read', async () => {
      const ways: Record<string, (readable: WebSocketOpenInfo['readable']) => Promise<unknown[]>> = {
        'for await': readAll,
        reader: readWithReader,
        'the host’s own iterator': readable => collect(HostReadableStream.prototype.values.call(readable)),
        tee: readable => readWithReader((readable as HostReadableStream).tee()[1] as typeof readable),
        pipeTo: pipe,
        'reader, then for await': async readable => {
          const reader = readable.getReader()
          const first = [(await reader.read()).value, (await reader.read()).value]
          reader.releaseLock()
          return [...first, ...(await readAll(readable))]
        },
        'for await, then reader': async readable => {
          const first: unknown[] = []
          for await (const message of values(readable, { preventCancel: true })) {
            first.push(message)
            if (first.length === 3) break
          }
          return [...first, ...(await readWithReader(readable))]
        },
        'an abandoned read, then for await': async readable => {
          const reader = readable.getReader()
          const lost = Promise.allSettled([reader.read(), reader.read()])
          reader.releaseLock()
          await lost
          return readAll(readable)
        },
        'calls of next() that do not wait for each other': async readable => {
          const iterator = values(readable)
          const results: IteratorResult<unknown>[] = []
          while (!results.at(-1)?.done) {
            results.push(...(await Promise.all([iterator.next(), iterator.next(), iterator.next()])))
          }
          return results.filter(({ done }) => !done).map(({ value }) => value)
        },
      }
      const expected = Array.from({ length: 50 }, (_, index) => `message ${index}`)
      for (const [way, read] of Object.entries(ways)) {
        for (const together of [true, false]) {
          const { stream, readable, peer } = await loopback.rawStreamPair()
          const reading = read(readable)
          const frames = expected.map(text => frame(TEXT, text))
          const close = frame(CLOSE, closeBody(1000))
          if (together) await peer.write(Buffer.concat([...frames, close]))
          else for (const one of [...frames, close]) await peer.write(one)
          peer.end()
          expect(await reading, way).to.deep.equal(expected)
          expect(await stream.closed, way).to.deep.equal({ closeCode: 1000, reason: '' })
        }
      }
    })

    it('keep their order, whatever was read before, and how', async () => {
      const { readable, peer } = await loopback.rawStreamPair()
      /** Sends texts in one write, and waits until the client has them. */
      const send = async (...texts: string[]): Promise<void> => {
        await peer.write(Buffer.concat([...texts.map(text => frame(TEXT, text)), frame(PING)]))
        expect((await peer.readFrame()).opcode).to.equal(PONG)
      }
      const read = async (count: number): Promise<unknown[]> => {
        const texts: unknown[] = []
        for await (const text of values(readable, { preventCancel: true })) if (texts.push(text) === count) break
        return texts
      }

      // A read that is given up: what it asked for lies in the queue of the stream.
      const reader = readable.getReader()
      const lost = reader.read()
      reader.releaseLock()
      await rejectionOf(lost)
      await send('1', '2', '3')
      expect(await read(2)).to.deep.equal(['1', '2'])

      // A read moves what there is into that queue; what comes later is behind it.
      await send('4')
      const other = readable.getReader()
      expect((await other.read()).value).to.equal('3')
      await send('5')
      other.releaseLock()
      await send('6')
      expect(await read(3)).to.deep.equal(['4', '5', '6'])

      // A next() that is called as soon as another one has its message comes behind those that were called before.
      const iterator = values(readable, { preventCancel: true })
      const first = iterator.next()
      const third = first.then(() => iterator.next())
      const second = iterator.next()
      await send('7', '8', '9')
      const results = await Promise.all([first, second, third])
      expect(results.map(({ value }) => value)).to.deep.equal(['7', '8', '9'])

      // After return() there is nothing.
      await send('10')
      await iterator.return!()
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined })
      expect(await read(1)).to.deep.equal(['10'])
    })

    it('are there for a reader that comes after the end', async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(CLOSE)]))
      peer.end()
      await stream.closed
      expect(await readWithReader(readable)).to.deep.equal(['one', 'two'])
    })

    it('can be piped through a decoder and a transform', async () => {
      const { readable, peer } = await loopback.rawStreamPair()
      const euro = Buffer.from('12 €')
      // A character that is cut by the messages.
      await peer.send(BINARY, euro.subarray(0, 4))
      await peer.send(BINARY, euro.subarray(4))
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
      const shout = new TransformStream<string, string>({
        transform: (text, controller) => controller.enqueue(`${text}!`),
      })
      const texts = (readable as HostReadableStream).pipeThrough(new TextDecoderStream()).pipeThrough(shout)
      expect(await collect(texts[Symbol.asyncIterator]())).to.deep.equal(['12 !', '€!'])
    })

    it('are taken by for await only under a lock', async () => {
      const { readable, peer } = await loopback.rawStreamPair()
      const reader = readable.getReader()
      expect(() => values(readable)).to.throw(TypeError)
      reader.releaseLock()
      const iterator = values(readable)
      expect(readable.locked).to.equal(true)
      expect(() => readable.getReader()).to.throw(TypeError)
      expect(iterator[Symbol.asyncIterator]()).to.equal(iterator)
      expect(HostReadableStream.prototype[Symbol.asyncIterator].length).to.equal(
        Object.getOwnPropertyDescriptor(readable, Symbol.asyncIterator)!.value.length,
      )
      // Its return() cancels, ends what comes after it, and unlocks.
      const ended = iterator.return!('value')
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined })
      expect(await ended).to.deep.equal({ done: true, value: 'value' })
      expect(await iterator.return!('other')).to.deep.equal({ done: true, value: 'other' })
      expect(readable.locked).to.equal(false)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
    })

    it('end for await with the error of the stream, and unlock it', async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      const iterator = values(readable)
      const next = iterator.next()
      peer.reset()
      const error = await rejectionOf(stream.closed)
      expect(await rejectionOf(next)).to.equal(error)
      expect(readable.locked).to.equal(false)
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined })
    })

    it('may have 256 MiB where the limit allows it', async () => {
      const size = 256 * 1024 * 1024
      const { readable, peer } = await loopback.rawStreamPair({ maxPayload: size })
      const piece = Buffer.alloc(1024 * 1024, 'x')
      const reading = readable.getReader().read()
      await peer.write(frame(BINARY, '', { length: size }))
      for (let sent = 0; sent < size; sent += piece.length) await peer.write(piece)
      const { value } = await reading
      expect((value as Uint8Array).length).to.equal(size)
      expect(Buffer.from((value as Uint8Array).buffer).indexOf(Buffer.from('y'))).to.equal(-1)
    }).timeout(60_000)

    it('that are too big fail the connection', async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair({ maxPayload: 10 })
      await peer.send(TEXT, 'fits')
      const reader = readable.getReader()
      expect((await reader.read()).value).to.equal('fits')
      await peer.send(TEXT, 'does not fit')
      const error = await rejectionOf(stream.closed)
      expect((error as { cause: { code: string } }).cause.code).to.equal('WS_ERR_MESSAGE_TOO_BIG')
      expect(await rejectionOf(reader.read())).to.equal(error)
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(1009)
    })
  })

  describe('that are written', () => {
    it('are binary if they are bytes, of any kind', async () => {
      const { writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      const buffer = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).buffer
      const large = new Uint8Array(70_000).fill(9)
      const cases: [ArrayBuffer | ArrayBufferView, number[] | Uint8Array][] = [
        [buffer, [0, 1, 2, 3, 4, 5, 6, 7]],
        [new Uint8Array(buffer, 2, 3), [2, 3, 4]],
        [new Uint16Array(buffer, 4, 2), [4, 5, 6, 7]],
        [new DataView(buffer, 7), [7]],
        [Buffer.from('abc'), [97, 98, 99]],
        [new Uint8Array(0), []],
        [large, large],
      ]
      for (const [chunk] of cases) void writer.write(chunk)
      for (const [, bytes] of cases) {
        const { opcode, payload } = await peer.readFrame()
        expect(opcode).to.equal(BINARY)
        expect(Buffer.from(payload).equals(Uint8Array.from(bytes))).to.equal(true)
      }
    })

    it('are text otherwise, made a string', async () => {
      const { writable, peer } = await loopback.rawStreamPair()
      const writer = untyped(writable)
      const cases: [unknown, string][] = [
        ['text €', 'text €'],
        ['', ''],
        ['a\ud800b', 'a\ufffdb'],
        [5, '5'],
        [null, 'null'],
        [undefined, 'undefined'],
        [1n, '1'],
        [{}, '[object Object]'],
        [[1, 2], '1,2'],
        [{ toString: () => 'made' }, 'made'],
        [new Blob(['content']), '[object Blob]'],
      ]
      for (const [chunk] of cases) void writer.write(chunk)
      for (const [, text] of cases) {
        const { opcode, text: received } = await peer.readFrame()
        expect({ opcode, received }).to.deep.equal({ opcode: TEXT, received: text })
      }
    })

    it('are refused with a TypeError if they are neither; the rest of the stream goes on', async () => {
      const shared = new SharedArrayBuffer(8)
      const resizable = new (ArrayBuffer as any)(8, { maxByteLength: 16 })
      const chunks: unknown[] = [
        shared,
        new Uint8Array(shared),
        new DataView(shared),
        resizable,
        new Uint8Array(resizable),
        Symbol('x'),
        {
          toString() {
            return this
          },
        },
      ]
      for (const chunk of chunks) {
        const { stream, readable, writable, peer } = await loopback.rawStreamPair()
        const writer = untyped(writable)
        const error = await rejectionOf(writer.write(chunk))
        expect(error).to.be.an.instanceof(TypeError)
        expect(await rejectionOf(writer.write('more'))).to.equal(error)
        await peer.send(TEXT, 'still here')
        expect((await readable.getReader().read()).value).to.equal('still here')
        // What waits in a queue that is dropped is not waited for.
        stream.close({ closeCode: 3000 })
        expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
      }
    })

    it('pass on what the conversion throws', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const writer = untyped(writable)
      const error = new Error('mine')
      const failing = writer.write({
        toString() {
          throw error
        },
      })
      const behind = writer.write('behind')
      stream.close()
      expect(await rejectionOf(failing)).to.equal(error)
      expect(await rejectionOf(behind)).to.equal(error)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
    })

    it('are copied when the write begins', async () => {
      const { writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      for (const size of [10, 100_000, 10_000_000]) {
        const bytes = new Uint8Array(size).fill(1)
        const written = writer.write(bytes)
        bytes.fill(2)
        expect((await peer.readFrame()).payload.indexOf(2)).to.equal(-1)
        await written
      }
    })

    for (const [how, write] of [
      ['if many wait', (writer, texts) => Promise.all(texts.map(text => writer.write(text)))],
      [
        'if each is waited for',
        async (writer, texts) => {
          for (const text of texts) await writer.write(text)
        },
      ],
      [
        'if there is room for each',
        async (writer, texts) => {
          for (const text of texts) {
            await writer.ready
            void writer.write(text)
          }
        },
      ],
    ] as readonly [string, (writer: WritableStreamDefaultWriter<string>, texts: string[]) => Promise<unknown>][]) {
      it(`go out in few writes ${how}`, async () => {
        const sizes: number[] = []
        const { writable, peer } = await loopback.rawStreamPair({
          connect: async target => countingDuplex(await import('node:net'), target.port, sizes),
        })
        const writer = writable.getWriter() as WritableStreamDefaultWriter<string>
        const handshake = sizes.length
        const texts = Array.from({ length: 3000 }, (_, index) => `message ${index}`)
        const written = write(writer, texts)
        for (const text of texts) expect((await peer.readFrame()).text).to.equal(text)
        await written
        expect(sizes.length - handshake).to.be.lessThan(10)
        await writer.write('alone')
        expect((await peer.readFrame()).text).to.equal('alone')
      })
    }

    it('let the event loop go on, however much there is to write', async () => {
      for (const chunk of ['', 'again', new Uint8Array(100_000)]) {
        const { writable } = await loopback.openStream('ws://memory.test/', {
          connect: () => swallowingPipe(),
          perMessageDeflate: false,
        })
        const controller = new AbortController()
        let written = 0
        const endless = new HostReadableStream({
          pull(source) {
            if (++written === 1) setTimeout(() => controller.abort(new Error('enough')))
            if (written === 2_000_000) source.error(new Error('nobody else has had a turn'))
            else source.enqueue(chunk)
          },
        })
        const upload = endless.pipeTo(writable as WritableStream<unknown>, { signal: controller.signal })
        expect(((await rejectionOf(upload)) as Error).message).to.equal('enough')
      }
    })

    it('are compressed where that was agreed on, whatever their size', async () => {
      const server = await loopback.serve({ perMessageDeflate: { threshold: 0 } })
      const { readable, writable } = await loopback.openStream(server.url)
      const { socket } = await server.accept()
      socket.on('message', (data, binary) => socket.send(data, { binary }))
      const writer = writable.getWriter()
      const reader = readable.getReader()
      const texts = ['short', 'x'.repeat(1000), 'é'.repeat(300_000), 'after it']
      const written = Promise.all(texts.map(text => writer.write(text)))
      for (const text of texts) expect((await reader.read()).value === text).to.equal(true)
      await written
    })

    it('can be piped', async () => {
      const { stream, writable, peer } = await loopback.streamPair()
      const texts = Array.from({ length: 100 }, (_, index) => `${index}`)
      const source = HostReadableStream.from(texts)
      const piped = source.pipeTo(writable as Parameters<typeof source.pipeTo>[0])
      for (const text of texts) expect((await peer.message()).text).to.equal(text)
      await piped
      expect(await stream.closed).to.deep.equal({ closeCode: 1005, reason: '' })
    })

    it('are refused with an InvalidStateError after close()', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      await writer.write('before')
      stream.close({ closeCode: 3000 })
      await expectRejection(writer.write('after'), 'InvalidStateError')
      expect((await peer.readFrame()).text).to.equal('before')
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      await peer.send(CLOSE, closeBody(3000))
      peer.end()
      // It was never taken, so the end is a good one.
      expect(await stream.closed).to.deep.equal({ closeCode: 3000, reason: '' })
    })
  })
})

function untyped(writable: WebSocketOpenInfo['writable']): { write(chunk: unknown): Promise<void> } {
  return writable.getWriter() as { write(chunk: unknown): Promise<void> }
}

function values(
  readable: WebSocketOpenInfo['readable'],
  options?: { preventCancel?: boolean },
): AsyncIterableIterator<unknown> {
  return (readable as unknown as HostReadableStream).values(options) as AsyncIterableIterator<unknown>
}

async function collect(iterator: AsyncIterator<unknown>): Promise<unknown[]> {
  const messages: unknown[] = []
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) return messages
    messages.push(value)
  }
}

async function readWithReader(readable: WebSocketOpenInfo['readable']): Promise<unknown[]> {
  const reader = readable.getReader()
  const messages: unknown[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return messages
    messages.push(value)
  }
}

async function pipe(readable: WebSocketOpenInfo['readable']): Promise<unknown[]> {
  const messages: unknown[] = []
  await (readable as unknown as HostReadableStream).pipeTo(
    new WritableStream({ write: message => void messages.push(message) }),
  )
  return messages
}

/** Two streams over a TCP connection, which note the size of each write. */
async function countingDuplex(net: typeof import('node:net'), port: number, sizes: number[]) {
  const { Duplex } = await import('node:stream')
  const socket = net.connect(port, '127.0.0.1')
  const { readable, writable } = Duplex.toWeb(socket)
  const writer = writable.getWriter()
  return {
    readable,
    writable: {
      getWriter: () => ({
        ready: Promise.resolve(),
        write: (bytes: Uint8Array) => {
          sizes.push(bytes.length)
          return writer.write(bytes)
        },
        close: () => writer.close(),
        abort: (reason: unknown) => writer.abort(reason),
      }),
    },
  }
}

/** A server that accepts, and whose network takes at once whatever comes. */
function swallowingPipe(): Pipe {
  let sink: PipeSink
  let accepted = false
  return {
    buffered: 0,
    start(given) {
      sink = given
    },
    write(bytes) {
      if (!accepted) {
        const acceptance = acceptanceFor(Buffer.from(bytes).toString('latin1'))
        setImmediate(() => sink.data(acceptance))
      }
      accepted = true
      return true
    },
    end() {},
    abort() {
      setImmediate(() => sink.close())
    },
    pause() {},
    resume() {},
  }
}
