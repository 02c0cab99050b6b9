import { expect } from 'chai'
import { runModule } from '../support/child.ts'
import { startHttp2Server } from '../support/http2-server.ts'
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
