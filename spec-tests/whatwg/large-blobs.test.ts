import { join } from 'node:path'
import { expect } from 'chai'
import { runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { next, useLoopback } from '../support/ws-server.ts'

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

  it('is never copied by the host in one go of more than 1 MiB', async () => {
    const server = await loopback.serve()
    const program = `
      let largest = 0
      const HostBlob = globalThis.Blob
      globalThis.Blob = class extends HostBlob {
        constructor(parts) {
          super(parts)
          for (const { byteLength = 0 } of parts) largest = Math.max(largest, byteLength)
        }
      }
      const { WebSocket } = await import(${JSON.stringify(join(root, 'dist/bundle/entry/node.js'))})
      const socket = new WebSocket(${JSON.stringify(server.url)})
      socket.onmessage = ({ data }) => {
        console.log(data.size, largest)
        socket.close()
      }
    `
    const file = join(makeFolder({ 'program.mjs': program }), 'program.mjs')
    const running = runProgram(process.execPath, [file])
    const peer = await server.accept()
    peer.socket.send(bytesOf(8 * PART))
    const { output, errors } = await running
    expect([output.trim(), errors]).to.deep.equal([`${8 * PART} ${PART}`, ''])
  })
})
