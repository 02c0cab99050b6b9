import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { next, type Peer, useLoopback } from '../support/ws-server.ts'

/** The host copies bytes into a Blob. That of a large message is made of parts, each in a task, so that the event loop goes on. */
describe('A Blob of a large message', () => {
  const loopback = useLoopback()
  const PART = 1024 * 1024
  const pattern = Uint8Array.from({ length: 251 }, (_, index) => index)
  const bytesOf = (length: number): Buffer => Buffer.alloc(length, pattern)

  for (const length of [PART - 1, PART, PART + 1, 3 * PART, 5 * PART + 77]) {
    it(`has all of ${length} bytes, and its place among the messages`, async () => {
      const { socket, peer } = await loopback.pair()
      const bytes = bytesOf(length)
      const got: unknown[] = []
      socket.onmessage = ({ data }) => got.push(data)
      for (const message of ['before', bytes, Buffer.from('small'), bytes, 'after']) peer.socket.send(message)
      while (got.length < 5) await next(socket, 'message')
      expect([got[0], got[4]]).to.deep.equal(['before', 'after'])
      const contents = await Promise.all(
        got.slice(1, 4).map(async blob => Buffer.from(await (blob as Blob).arrayBuffer())),
      )
      expect(contents.map(content => content.equals(bytes))).to.deep.equal([true, false, true])
      expect(String(contents[1])).to.equal('small')
    })
  }

  it('is given as binaryType says when its event is dispatched', async () => {
    const { socket, peer } = await loopback.pair()
    const got: unknown[] = []
    socket.onmessage = ({ data }) => {
      got.push(data)
      socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob'
    }
    const bytes = bytesOf(3 * PART)
    for (let sent = 0; sent < 4; sent++) peer.socket.send(bytes)
    while (got.length < 4) await next(socket, 'message')
    expect(got.map(data => data instanceof Blob)).to.deep.equal([true, false, true, false])
    for (const data of got)
      expect(bytes.equals(Buffer.from(await new Blob([data as Blob]).arrayBuffer()))).to.equal(true)
  })

  /** How a message arrives: whether its length is known from the beginning decides how its memory grows. */
  const ways = {
    'in one frame': (peer: Peer, bytes: Buffer) => peer.socket.send(bytes, { compress: false }),
    compressed: (peer: Peer, bytes: Buffer) => peer.socket.send(bytes),
    'in fragments': (peer: Peer, bytes: Buffer) => {
      for (let start = 0; start < bytes.length; start += 700_000) {
        const end = start + 700_000
        peer.socket.send(bytes.subarray(start, end), { compress: false, fin: end >= bytes.length })
      }
    },
  }

  /**
   * Runs a program of its own with a socket, in which `largest` is the size of the largest part that was given to a Blob at once,
   * `made` the number of Blobs, and `before(count)` is called before each. Returns what it printed.
   */
  async function run(program: string, send: (peer: Peer) => void): Promise<string> {
    const server = await loopback.serve({ perMessageDeflate: { zlibDeflateOptions: { level: 1 } } })
    const source = `
      let largest = 0, made = 0, before = () => {}
      const HostBlob = globalThis.Blob
      globalThis.Blob = class extends HostBlob {
        constructor(parts) {
          before(++made)
          super(parts)
          for (const { byteLength = 0 } of parts) largest = Math.max(largest, byteLength)
        }
      }
      const { createHash } = await import('node:crypto')
      const { WebSocket } = await import(${JSON.stringify(join(root, 'dist/bundle/entry/node.js'))})
      const hash = async data => createHash('sha1').update(Buffer.from(await new HostBlob([data]).arrayBuffer())).digest('hex')
      const socket = new WebSocket(${JSON.stringify(server.url)})
      ${program}
    `
    const file = join(makeFolder({ 'program.mjs': source }), 'program.mjs')
    const running = runProgram(process.execPath, ['--expose-gc', file])
    send(await server.accept())
    const { output, errors } = await running
    expect(errors).to.equal('')
    return output.trim()
  }

  for (const [way, send] of Object.entries(ways)) {
    const bytes = bytesOf(8 * PART + 77)
    const hash = createHash('sha1').update(bytes).digest('hex')

    it(`is never copied by the host in one go of more than 1 MiB: a message ${way}`, async () => {
      const program = `socket.onmessage = async ({ data }) => {
        console.log(data.size, await hash(data), largest)
        socket.close()
      }`
      expect(await run(program, peer => send(peer, bytes))).to.equal(`${bytes.length} ${hash} ${PART}`)
    })

    it(`is an ArrayBuffer if binaryType has changed before its event: a message ${way}`, async () => {
      const program = `
        before = count => { if (count === 3) socket.binaryType = 'arraybuffer' }
        const got = []
        socket.onmessage = async ({ data }) => {
          got.push(data)
          if (data !== 'after') return
          console.log(made > 2, got[0], got[1].constructor === ArrayBuffer, got[1].byteLength, await hash(got[1]), got[2])
          socket.close()
        }`
      const output = await run(program, peer => {
        peer.socket.send('before')
        send(peer, bytes)
        peer.socket.send('after')
      })
      expect(output).to.equal(`true before true ${bytes.length} ${hash} after`)
    })

    it(`is made of the bytes if the host had no memory for a part: a message ${way}`, async () => {
      const program = `
        before = count => { if (count === 3) throw new RangeError('no memory') }
        const thrown = []
        process.on('uncaughtException', ({ message }) => thrown.push(message))
        socket.onmessage = async ({ data }) => {
          console.log(data.size, await hash(data), thrown.join())
          socket.close()
        }`
      expect(await run(program, peer => send(peer, bytes))).to.equal(`${bytes.length} ${hash} no memory`)
    })

    it(`takes its length in memory beside it while it is made: a message ${way}`, async () => {
      // Before, and after: the garbage of the message is collected at the end alone, if at all.
      const program = `
        const { rss } = process.memoryUsage
        let base
        socket.onmessage = ({ data }) => {
          if (base === undefined) return gc(), base = rss(), socket.send('go')
          console.log(data.size, ((rss() - base) / data.size).toFixed(2))
          socket.close()
        }`
      const long = bytesOf(96 * PART)
      const output = await run(program, async peer => {
        // What a message needs for the first time is loaded.
        send(peer, bytes)
        await once(peer.socket, 'message')
        send(peer, long)
      })
      const [size, growth] = output.split(' ').map(Number)
      expect(size).to.equal(long.length)
      expect(growth, `RSS grew by ${growth} times the message`).to.be.below(2.5)
    })
  }
})
