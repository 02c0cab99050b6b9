import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { assert } from 'chai'
import WebSocket from 'ws'
import { authority } from '../../wpt/server/certificate.ts'
import { encodeFrame, opcodes } from '../../wpt/server/frames.ts'
import { startServer, type TestServer } from '../../wpt/server/server.ts'

describe('the server of the web-platform-tests', () => {
  let folder: string
  let server: TestServer

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wpt-checkout-'))
    await mkdir(join(folder, 'checkout/websockets'), { recursive: true })
    await writeFile(join(folder, 'secret'), 'nothing to serve')
    await writeFile(join(folder, 'checkout/websockets/ports.sub.js'), '{{host}} {{ports[ws][0]}} {{location[path]}}')
    await writeFile(join(folder, 'checkout/websockets/a.any.js'), '// META: script=b.js\n// META: timeout=long\n')
    server = await startServer({ checkout: join(folder, 'checkout') })
  })

  after(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  const open = async (path: string, options: WebSocket.ClientOptions = {}, scheme: 'ws' | 'wss' = 'ws') => {
    const socket = new WebSocket(`${scheme}://localhost:${server.ports[scheme][0]}${path}`, {
      ca: authority,
      ...options,
    })
    await once(socket, 'open')
    return socket
  }
  const get = async (path: string) => fetch(`http://localhost:${server.ports.http[0]}${path}`)

  for (const perMessageDeflate of [false, true, { serverNoContextTakeover: true, clientNoContextTakeover: true }]) {
    it(`echoes messages of every size, with permessage-deflate ${JSON.stringify(perMessageDeflate)}`, async () => {
      const socket = await open('/echo', { perMessageDeflate }, 'wss')
      assert.equal(socket.extensions.includes('permessage-deflate'), perMessageDeflate !== false)
      for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
        const message = Buffer.alloc(length, 'abc')
        for (const binary of [true, false]) {
          const answer = once(socket, 'message')
          socket.send(message, { binary })
          const [data, isBinary] = (await answer) as [Buffer, boolean]
          assert.equal(isBinary, binary)
          assert.isTrue(data.equals(message), `${length} bytes`)
        }
      }
      const closed = once(socket, 'close')
      socket.close(3456, 'enough')
      const [code, reason] = (await closed) as [number, Buffer]
      assert.deepEqual([code, reason.toString()], [3456, 'enough'])
    })
  }

  it('closes with 1002 on a frame without a mask', async () => {
    const socket = connect(server.ports.ws[0]!, '127.0.0.1')
    const head = ['GET /echo HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade']
    const fields = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
    socket.write(`${[...head, ...fields].join('\r\n')}\r\n\r\n`)
    socket.write(encodeFrame(opcodes.text, Buffer.from('hello')))
    const answer = await text(socket.setEncoding('latin1'))
    assert.include(answer, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    assert.isTrue(answer.endsWith('\x88\x02\x03\xea'))
  })

  it('refuses what it has no handler for', async () => {
    const socket = new WebSocket(`ws://localhost:${server.ports.ws[0]}/nothing`)
    const [error] = (await once(socket, 'error')) as [Error]
    assert.include(error.message, '404')
  })

  it('speaks WebSocket over HTTP/2', async () => {
    const session = connectHttp2(`https://localhost:${server.ports.h2[0]}`, { ca: authority })
    try {
      await once(session, 'remoteSettings')
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'CONNECT',
        ':protocol': 'websocket',
        [constants.HTTP2_HEADER_PATH]: '/echo-query?over%20h2',
        'sec-websocket-version': '13',
      })
      const [headers] = await once(stream, 'response')
      assert.equal(headers[constants.HTTP2_HEADER_STATUS], 200)
      // Without a close frame of the client the server does not end, and its messages are all that is asked here.
      const [frame] = (await once(stream, 'data')) as [Buffer]
      assert.isTrue(
        frame.subarray(0, 2 + 'over%20h2'.length).equals(encodeFrame(opcodes.text, Buffer.from('over%20h2'))),
      )
    } finally {
      session.destroy()
    }
  })

  it('fills in templates, and makes pages of scripts', async () => {
    const ports = await get('/websockets/ports.sub.js')
    assert.equal(await ports.text(), `localhost ${server.ports.ws[0]} /websockets/ports.sub.js`)
    const page = await (await get('/websockets/a.any.html?wss')).text()
    assert.match(page, /<meta name=timeout content=long>[\s\S]*src="b\.js"[\s\S]*src="\/websockets\/a\.any\.js"/)
    const worker = await (await get('/websockets/a.any.worker.js')).text()
    assert.match(worker, /isWorker: \(\) => true[\s\S]*importScripts\('b\.js'\)[\s\S]*done\(\)/)
  })

  it('serves no file from outside of the checkout', async () => {
    for (const path of ['/..%2fsecret', '/websockets/..%2f..%2fsecret', '/nothing.html']) {
      assert.equal((await get(path)).status, 404, path)
    }
  })
})
