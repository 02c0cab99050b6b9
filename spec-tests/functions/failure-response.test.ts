import { expect } from 'chai'
import { failure, handshake, type WebSocket } from '#lib/entry/node.js'
import { gone, next, record, useLoopback } from '../support/ws-server.ts'

/** A server that refuses the upgrade: what it said is for the user to see. */
describe('Response to the opening handshake', () => {
  const loopback = useLoopback()
  const MAX_BODY = 64 * 1024

  /** A socket that is refused with these bytes, after it has closed. */
  async function refused(bytes: string | Buffer, end = false): Promise<WebSocket> {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    const events = record(socket)
    const closed = next(socket, 'close')
    const peer = await server.accept()
    await peer.write(bytes)
    if (end) peer.end()
    await closed
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    expect(failure(socket)!.code).to.equal('WS_ERR_UNEXPECTED_STATUS')
    expect(failure(socket)!.cause).to.equal(undefined)
    expect(handshake(socket)).to.equal(failure(socket)!.response)
    await gone(peer)
    return socket
  }

  const bodyOf = (socket: WebSocket): string => Buffer.from(failure(socket)!.response!.body).toString('latin1')

  it('has status, status text, header fields and body', async () => {
    const lines = [
      'HTTP/1.1 401 Who are you?',
      'WWW-Authenticate: Basic realm="test"',
      'X-Double: one',
      'x-double:two',
      'X-Empty:',
      'Content-Length: 11',
    ]
    const socket = await refused(`${lines.join('\r\n')}\r\n\r\nPlease log in, and more`)
    const { status, statusText, headers, body } = failure(socket)!.response!
    expect(status).to.equal(401)
    expect(statusText).to.equal('Who are you?')
    expect(headers).to.deep.equal([
      ['www-authenticate', 'Basic realm="test"'],
      ['x-double', 'one'],
      ['x-double', 'two'],
      ['x-empty', ''],
      ['content-length', '11'],
    ])
    expect(body).to.be.an.instanceof(Uint8Array)
    expect(bodyOf(socket)).to.equal('Please log ')
    expect(failure(socket)!.message).to.contain('401 Who are you?')
  })

  it('may have no status text, and no body', async () => {
    const socket = await refused('HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n')
    expect(failure(socket)!.response).to.deep.include({ status: 404, statusText: '' })
    expect(bodyOf(socket)).to.equal('')
    expect(failure(socket)!.message).to.contain('status 404 instead')
    for (const status of [204, 304]) {
      const bodyless = await refused(`HTTP/1.1 ${status} None\r\ncontent-length: 5\r\n\r\n`)
      expect(bodyOf(bodyless)).to.equal('')
    }
  })

  it('fails for every status but 101, without going anywhere else', async () => {
    const other = await loopback.serveRaw()
    for (const status of [200, 201, 301, 302, 303, 307, 308, 400, 403, 407, 426, 429, 500, 503, 599]) {
      const socket = await refused(`HTTP/1.1 ${status} Status\r\nLocation: ${other.url}\r\ncontent-length: 0\r\n\r\n`)
      expect(failure(socket)!.response!.status).to.equal(status)
    }
    expect(other.accepted).to.equal(0)
  })

  it('has a body in chunks put together', async () => {
    const chunks = '5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nTrailer: x\r\n\r\n'
    const socket = await refused(`HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
    expect(bodyOf(socket)).to.equal('hello, world')
  })

  it('has a body up to the end of the connection', async () => {
    const socket = await refused('HTTP/1.0 500 Oops\r\n\r\nuntil the end', true)
    expect(bodyOf(socket)).to.equal('until the end')
    const cut = await refused('HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\ncut short', true)
    expect(bodyOf(cut)).to.equal('cut short')
  })

  it('has up to 64 KiB of the body', async () => {
    const whole = await refused(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 500 Oops\r\ncontent-length: ${MAX_BODY}\r\n\r\n`),
        Buffer.alloc(MAX_BODY, 'whole'),
      ]),
    )
    expect(bodyOf(whole)).to.equal('whole'.repeat(MAX_BODY).slice(0, MAX_BODY))
    const cut = await refused(
      Buffer.concat([
        Buffer.from('HTTP/1.1 500 Oops\r\ncontent-length: 1000000\r\n\r\n'),
        Buffer.alloc(MAX_BODY + 100, 'cut'),
      ]),
    )
    expect(failure(cut)!.response!.body).to.have.lengthOf(MAX_BODY)
  })

  it('does not wait long for a body that does not come', async () => {
    const socket = await refused('HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\nsome of it')
    expect(bodyOf(socket)).to.equal('some of it')
  })

  it('is here as soon as the handshake is done if the server agrees, and stays', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    expect(handshake(socket)).to.equal(undefined)
    const peer = await server.accept()
    expect(handshake(socket)).to.equal(undefined)
    await peer.accept('X-Server: test', 'x-server: more')
    await next(socket, 'open')
    const response = handshake(socket)!
    expect(response).to.include({ status: 101, statusText: 'Switching Protocols' })
    expect(response.headers).to.deep.equal([
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade'],
      ['sec-websocket-accept', peer.acceptValue],
      ['x-server', 'test'],
      ['x-server', 'more'],
    ])
    expect(response.body).to.have.lengthOf(0)
    peer.reset()
    await next(socket, 'close')
    expect(handshake(socket)).to.equal(response)
    expect(failure(socket)!.response).to.equal(undefined)
  })

  it('is not there if none came', async () => {
    const socket = loopback.socket('ws://host.test/', { connect: () => Promise.reject(new Error('no')) })
    await next(socket, 'close')
    expect(handshake(socket)).to.equal(undefined)
    expect(failure(socket)!.response).to.equal(undefined)
  })

  it('is the last one where others came before it', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    const socket = await refused(`${interim}HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n`)
    expect(failure(socket)!.response).to.deep.include({ status: 418, headers: [['content-length', '0']] })
  })
})
