import { createConnection } from 'node:net'
import { Duplex } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { drained, failure, ping, WebSocketStream } from '#lib/entry/node.js'
import { runModule } from '../support/child.ts'
import { expectTypeError } from '../support/expect.ts'
import { foreignBlob } from '../support/foreign-blob.ts'
import { CLOSE, type RawFrame, type RawPeer, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** Values and classes of other realms, and what looks like something else than it is: its slots count, as Web IDL has it. */
describe('Values of other realms', () => {
  const loopback = useLoopback()

  /** A view of four bytes, with members of its own that say something else. */
  function disguised(member: PropertyKey, descriptor: PropertyDescriptor): Uint8Array {
    return Object.defineProperty(Uint8Array.of(1, 2, 3, 4), member, descriptor)
  }

  const disguises: readonly [name: string, view: () => ArrayBufferView][] = [
    ['a longer length', () => disguised('length', { value: 4000 })],
    ['a shorter length', () => disguised('length', { value: 1 })],
    ['a negative length', () => disguised('length', { value: -1 })],
    ['a byteLength', () => disguised('byteLength', { value: 4000 })],
    ['a byteOffset', () => disguised('byteOffset', { value: 2 })],
    ['a buffer', () => disguised('buffer', { value: new ArrayBuffer(9) })],
    ['a subarray', () => disguised('subarray', { value: () => new Uint8Array(9) })],
    ['a slice', () => disguised('slice', { value: () => new Uint8Array(9) })],
    ['a constructor', () => disguised('constructor', { value: { [Symbol.species]: Uint16Array } })],
    ['an iterator', () => disguised(Symbol.iterator, { value: () => [9][Symbol.iterator]() })],
    ['a tag', () => disguised(Symbol.toStringTag, { value: 'ArrayBuffer' })],
    ['no prototype', () => Object.setPrototypeOf(Uint8Array.of(1, 2, 3, 4), null)],
    ['the prototype of a DataView', () => Object.setPrototypeOf(Uint8Array.of(1, 2, 3, 4), DataView.prototype)],
    [
      'the prototype of a Uint8Array, as a DataView',
      () => Object.setPrototypeOf(new DataView(Uint8Array.of(1, 2, 3, 4).buffer), Uint8Array.prototype),
    ],
    [
      'a length, in another realm',
      () => runInNewContext('Object.defineProperty(Uint8Array.of(1, 2, 3, 4), "length", { value: 4000 })'),
    ],
  ]

  it('send() takes as many bytes of a view as its slots say, compressed or not', async () => {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const server = await loopback.serve({ perMessageDeflate: true })
      const socket = await loopback.open(server.url, { perMessageDeflate })
      const peer = await server.accept()
      for (const [name, view] of disguises) {
        socket.send(view())
        expect([...(await peer.message()).data], name).to.deep.equal([1, 2, 3, 4])
      }
      await drained(socket)
    }
  })

  it('send() calls nothing of a view, however long it is', async () => {
    const { socket, peer } = await loopback.pair()
    const called: PropertyKey[] = []
    for (const length of [10, 70_000, 300_000]) {
      const view = new Uint8Array(length).fill(7)
      for (const member of ['length', 'subarray', 'slice', 'byteLength', 'byteOffset', 'buffer', 'constructor']) {
        Object.defineProperty(view, member, { get: () => void called.push(member) })
      }
      socket.send(view)
      const { data } = await peer.message()
      expect(data.length).to.equal(length)
      expect(data.every(byte => byte === 7)).to.equal(true)
    }
    expect(called).to.deep.equal([])
  })

  it('ping() and a WebSocketStream do the same', async () => {
    const server = await loopback.serve()
    const stream = new WebSocketStream(server.url)
    const { writable } = await stream.opened
    const peer = await server.accept()
    const writer = writable.getWriter()
    for (const [name, view] of disguises) {
      await writer.write(view())
      expect([...(await peer.message()).data], name).to.deep.equal([1, 2, 3, 4])
      await ping(stream, view())
      expect([...(await peer.ping())], name).to.deep.equal([1, 2, 3, 4])
    }
    stream.close()
    await stream.closed
  })

  it('what only inherits from ArrayBuffer or Blob is text, as any object', async () => {
    const { socket, peer } = await loopback.pair()
    for (const Class of [ArrayBuffer, Blob, SharedArrayBuffer]) {
      socket.send(Object.create(Class.prototype))
      const { text, isBinary } = await peer.message()
      expect(isBinary).to.equal(false)
      expect(text).to.equal(`[object ${Class.name}]`)
    }
  })

  it('a buffer is one whatever its tag and its members say', async () => {
    const { socket, peer } = await loopback.pair()
    const buffer = Uint8Array.of(1, 2, 3).buffer
    Object.defineProperties(buffer, { [Symbol.toStringTag]: { value: 'Blob' }, byteLength: { value: 9 } })
    Object.setPrototypeOf(buffer, null)
    socket.send(buffer)
    expect([...(await peer.message()).data]).to.deep.equal([1, 2, 3])
    const shared = Object.defineProperty(new SharedArrayBuffer(3), Symbol.toStringTag, { value: 'ArrayBuffer' })
    expectTypeError(() => socket.send(shared))
    expectTypeError(() => socket.send(runInNewContext('new Uint8Array(new SharedArrayBuffer(3))')))
    expectTypeError(() => socket.send(runInNewContext('new ArrayBuffer(3, { maxByteLength: 4 })')))
  })

  describe('Blobs', () => {
    const bytes = async (): Promise<ArrayBuffer> => Uint8Array.of(1, 2, 3).buffer

    it('of the host are read by their slots', async () => {
      const { socket, peer } = await loopback.pair()
      const blob = new Blob(['abc'])
      Object.defineProperties(blob, { size: { value: 1e9 }, arrayBuffer: { value: undefined } })
      socket.send(blob)
      expect(socket.bufferedAmount).to.equal(3)
      expect((await peer.message()).text).to.equal('abc')
      await drained(socket)
    })

    it('of others are read by arrayBuffer, by stream, or by the FileReader of a DOM', async () => {
      const { socket, peer } = await loopback.pair()
      const stream = () => new Blob([Uint8Array.of(1), Uint8Array.of(2, 3)]).stream()
      const untagged = { size: 3, type: '', slice() {}, arrayBuffer: bytes }
      const foreign = runInNewContext('async () => Uint8Array.of(1, 2, 3).buffer')
      for (const blob of [
        foreignBlob(3, { arrayBuffer: bytes }),
        foreignBlob(3, { arrayBuffer: foreign }),
        foreignBlob(3, { arrayBuffer: async () => Uint8Array.of(1, 2, 3) }),
        foreignBlob(3, { arrayBuffer: () => Uint8Array.of(1, 2, 3).buffer }),
        foreignBlob(3, { stream }),
        untagged as unknown as Blob,
      ]) {
        socket.send(blob)
        expect([...(await peer.message()).data]).to.deep.equal([1, 2, 3])
      }
      class FileReader {
        result: unknown
        error: unknown = null
        onloadend!: () => void
        readAsArrayBuffer(blob: Blob): void {
          void bytes().then(result => {
            if (blob.type === 'bad') this.error = new Error('unreadable')
            else this.result = result
            this.onloadend()
          })
        }
      }
      Object.assign(globalThis, { FileReader })
      loopback.afterwards(() => Reflect.deleteProperty(globalThis, 'FileReader'))
      socket.send(foreignBlob(3, {}))
      expect([...(await peer.message()).data]).to.deep.equal([1, 2, 3])
      socket.send(foreignBlob(3, { type: 'bad' }))
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_BLOB_READ')
    })

    it('may be longer or shorter than they say, and bufferedAmount comes to 0 all the same', async () => {
      const { socket, peer } = await loopback.pair()
      for (const size of [0, 1, 3, 1_000_000]) {
        socket.send(foreignBlob(size, { arrayBuffer: bytes }))
        expect(socket.bufferedAmount).to.equal(size)
        expect([...(await peer.message()).data]).to.deep.equal([1, 2, 3])
        await drained(socket)
        expect(socket.bufferedAmount).to.equal(0)
      }
    })

    it('belong to others: what they gave is copied', async () => {
      const { socket, peer } = await loopback.pair()
      const own = Uint8Array.of(1, 2, 3)
      socket.send(foreignBlob(3, { arrayBuffer: () => Promise.resolve(own) }))
      socket.send('behind')
      await Promise.resolve()
      await Promise.resolve()
      await Promise.resolve()
      own.fill(9)
      expect([...(await peer.message()).data]).to.deep.equal([1, 2, 3])
    })

    const unreadable: Readonly<Record<string, Blob>> = {
      'without anything to read them by': foreignBlob(3, {}),
      'whose arrayBuffer throws': foreignBlob(3, {
        arrayBuffer() {
          throw new Error('mine')
        },
      }),
      'whose stream throws': foreignBlob(3, {
        stream() {
          throw new Error('mine')
        },
        arrayBuffer: null,
      }),
      'without a size': foreignBlob(undefined, { arrayBuffer: bytes }),
      'whose size is a string': foreignBlob('3', { arrayBuffer: bytes }),
      'whose size is negative': foreignBlob(-1, { arrayBuffer: bytes }),
      'whose size is no integer': foreignBlob(Number.NaN, { arrayBuffer: bytes }),
    }
    for (const [name, blob] of Object.entries(unreadable)) {
      it(`${name} make a TypeError, or fail the connection: what is sent behind is not held up`, async () => {
        const { socket, peer } = await loopback.rawPair()
        let thrown: unknown
        try {
          socket.send(blob)
        } catch (error) {
          thrown = error
        }
        if (thrown === undefined) {
          await next(socket, 'close')
          expect(failure(socket)!.code).to.equal('WS_ERR_BLOB_READ')
          return
        }
        expect(thrown).to.be.an.instanceof(TypeError)
        expect(socket.bufferedAmount).to.equal(0)
        socket.send('behind')
        expect((await peer.readFrame()).text).to.equal('behind')
      })
    }

    const noBytes: readonly unknown[] = [
      3,
      undefined,
      null,
      'text',
      Symbol('x'),
      {},
      [1, 2, 3],
      new SharedArrayBuffer(3),
    ]
    it('that give no bytes, or reject, fail the connection', async () => {
      const rejected = noBytes.map(value => () => Promise.reject(value))
      for (const arrayBuffer of [
        ...noBytes.map(value => () => value),
        ...noBytes.map(value => async () => value),
        ...rejected,
      ]) {
        const { socket, peer } = await loopback.rawPair()
        const events = record(socket)
        socket.send(foreignBlob(3, { arrayBuffer }))
        socket.send('behind')
        await next(socket, 'close')
        expect(events).to.deep.equal(['error', 'close 1006 unclean'])
        expect(failure(socket)!.code).to.equal('WS_ERR_BLOB_READ')
        expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      }
    })

    it('may close the socket as they are read, and send on it', async () => {
      const frames = async (peer: RawPeer): Promise<string[]> => {
        const texts: string[] = []
        for (let frame: RawFrame | undefined; frame?.opcode !== CLOSE; ) {
          frame = await peer.readFrame()
          texts.push(frame.opcode === TEXT ? frame.text : String(frame.opcode))
        }
        return texts
      }
      const { socket, peer } = await loopback.rawPair()
      socket.send(
        foreignBlob(3, {
          arrayBuffer() {
            socket.send('within')
            socket.close()
            return bytes()
          },
        }),
      )
      expect(await frames(peer)).to.deep.equal(['within', String(CLOSE)])
    })
  })

  it('a byte stream may give bytes of another realm, in any form', async () => {
    const server = await loopback.serve()
    const forms = runInNewContext(`[
      length => new Uint8Array(length),
      length => new DataView(new ArrayBuffer(length + 3), 3),
      length => new ArrayBuffer(length),
      length => Object.defineProperty(new Uint8Array(length), 'length', { value: 1 }),
    ]`) as ((length: number) => ArrayBuffer | ArrayBufferView)[]
    for (const form of forms) {
      const { readable, writable } = Duplex.toWeb(createConnection(server.port, '127.0.0.1'))
      const foreign = new TransformStream<Uint8Array>({
        transform(chunk, controller) {
          const data = form(chunk.byteLength)
          const isView = ArrayBuffer.isView(data)
          new Uint8Array(isView ? data.buffer : data, isView ? data.byteOffset : 0, chunk.byteLength).set(chunk)
          controller.enqueue(data)
        },
      })
      const connect = () => ({ readable: readable.pipeThrough(foreign), writable }) as never
      const socket = await loopback.open('ws://host.test/', { connect })
      ;(await server.accept()).socket.send('hello')
      expect((await next(socket, 'message')).data).to.equal('hello')
      socket.close()
      await next(socket, 'close')
    }
  })

  it('in a vm context, messages are of the realm in which the package was loaded', async () => {
    const { lines, errors, exitCode } = await runModule(IN_A_CONTEXT)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal([
      'arraybuffer 5 true, 40000 true, 200000 true, 300000 true, 300000 true',
      'blob 5 true, 40000 true, 200000 true, 300000 true, 300000 true',
    ])
    expect(exitCode).to.equal(0)
  })
})

/** Loads the bundle into a vm context, as Jest does, and receives messages of several sizes, whole, in fragments and compressed. */
const IN_A_CONTEXT = `
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import vm from 'node:vm'
const require = createRequire(import.meta.url)
const { WebSocketServer } = require('ws')
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 250000 } })
server.on('connection', peer => {
  for (const size of [5, 40000, 200000]) peer.send(new Uint8Array(size).fill(7))
  peer.send(new Uint8Array(100000).fill(7), { fin: false, compress: false })
  peer.send(new Uint8Array(200000).fill(7), { fin: true, compress: false })
  peer.send(new Uint8Array(300000).fill(7))
})
await new Promise(resolve => server.on('listening', resolve))

// As that of happy-dom, it knows the buffers of another realm by their views alone.
class ContextBlob extends Blob {
  constructor(parts) {
    super(parts.map(part => (ArrayBuffer.isView(part) ? part : String(part))))
  }
}
const names = ['Event', 'EventTarget', 'URL', 'AbortController', 'DOMException', 'atob', 'queueMicrotask', 'setTimeout', 'clearTimeout', 'performance', 'process']
const context = vm.createContext(Object.fromEntries(names.map(name => [name, globalThis[name]])))
context.Blob = ContextBlob
function load(path) {
  const module = { exports: {} }
  const names = ['require', 'module', 'exports']
  const run = vm.compileFunction(readFileSync(path, 'utf8'), names, { filename: path, parsingContext: context })
  run(request => (request.startsWith('.') ? load(join(dirname(path), request)) : require(request)), module, module.exports)
  return module.exports
}
const { WebSocket } = load(require.resolve('whatwg-websocket'))
const ContextArrayBuffer = vm.runInContext('ArrayBuffer', context)
for (const binaryType of ['arraybuffer', 'blob']) {
  const socket = new WebSocket('ws://127.0.0.1:' + server.address().port)
  socket.binaryType = binaryType
  const got = []
  await new Promise((resolve, reject) => {
    socket.onclose = reject
    socket.onmessage = async ({ data }) => {
      const isOurs = data instanceof (binaryType === 'blob' ? ContextBlob : ContextArrayBuffer)
      got.push((data.byteLength ?? data.size) + ' ' + isOurs)
      if (got.length === 5) resolve()
    }
  })
  console.log(binaryType, got.join(', '))
  socket.onclose = null
  socket.close()
}
server.close()
process.exit()
`
