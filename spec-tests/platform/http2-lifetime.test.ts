import { expect } from 'chai'
import { runModule } from '../support/child.ts'
import { DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS } from '../support/http2-frames.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { ENABLE_CONNECT_PROTOCOL, STATUS_200, startRawHttp2Server } from '../support/raw-http2-server.ts'
import { useLoopback } from '../support/ws-server.ts'

describe('Lifetime of the process, over HTTP/2', function () {
  this.timeout(60_000)
  const loopback = useLoopback()

  const PRELUDE = `
    import { WebSocket, ref, unref } from '#lib/entry/node.js'
    const [, url] = process.argv
    const open = () => new Promise(resolve => {
      const socket = new WebSocket(url, { http2: 'only' })
      socket.onopen = () => resolve(socket)
    })
  `

  async function expectLines(script: string, ...expected: string[]): Promise<void> {
    const server = await startHttp2Server()
    loopback.afterwards(() => server.close())
    server.acceptAll()
    const { lines, errors, exitCode } = await runModule(PRELUDE + script, [server.url])
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(expected)
    expect(exitCode, 'ended by itself').to.equal(0)
  }

  it('an idle connection lets the process end', async () => {
    await expectLines(
      `const socket = await open()
      socket.onclose = ({ code }) => console.log('closed', code)
      socket.close(1000)`,
      'closed 1000',
    )
  })

  it('a process ends at once with an idle connection, which does not wait for its time limit of 30 s', async () => {
    const server = await startRawHttp2Server(ENABLE_CONNECT_PROTOCOL)
    loopback.afterwards(() => server.close())
    const served = (async () => {
      const peer = await server.accept()
      const { stream } = await peer.frame(HEADERS)
      peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
      await peer.frame(DATA)
      peer.send(DATA, END_STREAM, stream, Buffer.of(0x88, 2, 0x03, 0xe8))
      // A connection that closes itself says so; one whose process ends does not.
      return await Promise.race([
        peer.frame(GOAWAY).then(() => 'closed itself'),
        new Promise(resolve => peer.socket.once('close', () => resolve('ended with the process'))),
      ])
    })()
    const { lines, exitCode } = await runModule(
      `${PRELUDE}
      const socket = await open()
      socket.onclose = ({ code }) => console.log('closed', code)
      socket.close(1000)`,
      [server.url],
    )
    expect(lines).to.deep.equal(['closed 1000'])
    expect(exitCode).to.equal(0)
    expect(await served).to.equal('ended with the process')
  })

  it('a socket whose Close frame is not answered keeps the process alive up to closeTimeout, and no longer', async () => {
    const server = await startRawHttp2Server(ENABLE_CONNECT_PROTOCOL)
    loopback.afterwards(() => server.close())
    void (async () => {
      const peer = await server.accept()
      for (let count = 0; count < 2; count++) {
        const { stream } = await peer.frame(HEADERS)
        peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
        if (count === 0) continue
        await peer.frame(DATA)
        peer.send(DATA, END_STREAM, stream, Buffer.of(0x88, 2, 0x03, 0xe8))
      }
    })()
    const { lines, errors, exitCode } = await runModule(
      `${PRELUDE}
      const note = name => ({ code, wasClean }) => console.log(name, code, wasClean)
      const mute = new WebSocket(url, { http2: 'only', closeTimeout: 400 })
      await new Promise(resolve => mute.onopen = resolve)
      const other = await open()
      mute.onclose = note('mute')
      other.onclose = event => {
        note('other')(event)
        mute.close(1000)
      }
      other.close(1000)`,
      [server.url],
    )
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(['other 1000 true', 'mute 1006 false'])
    expect(exitCode, 'ended by itself').to.equal(0)
  })

  it('an open socket keeps the process alive, and one of two that are unrefed does, too', async () => {
    await expectLines(
      `const [one, two] = [await open(), await open()]
      unref(one)
      two.onmessage = ({ data }) => {
        console.log(data)
        two.close()
      }
      // The timer does not keep the process alive.
      setTimeout(() => two.send('still there'), 100).unref()`,
      'still there',
    )
  })

  it('sockets that are unrefed let the process end; one that is refed again does not', async () => {
    await expectLines(
      `for (let count = 0; count < 3; count++) unref(await open())
      console.log('ends')`,
      'ends',
    )
    await expectLines(
      `const socket = await open()
      unref(socket)
      ref(socket)
      socket.onmessage = ({ data }) => {
        console.log(data)
        unref(socket)
      }
      setTimeout(() => socket.send('refed'), 100).unref()`,
      'refed',
    )
  })

  it('a socket that is unrefed while it connects lets the process end', async () => {
    await expectLines(
      `unref(new WebSocket(url, { http2: 'only' }))
      console.log('ends')`,
      'ends',
    )
  })
})
