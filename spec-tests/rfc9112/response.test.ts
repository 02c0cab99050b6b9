import { expect } from 'chai'
import { failure, handshake } from '#lib/entry/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { ResponseBodyReader, ResponseHeadReader } from '#lib/protocol/http1.js'
import type { ResponseHead } from '#lib/transport/pipe.js'
import { lend } from '../support/frame-recorder.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

const KIBIBYTE = 1024
const MAX = 64 * KIBIBYTE

/** What a reader makes of these chunks: a head, the code of a refusal, or undefined if more is needed. */
function readHead(...chunks: readonly (string | Uint8Array)[]): ResponseHead | string | undefined {
  const reader = new ResponseHeadReader()
  for (const chunk of chunks) {
    let result: ResponseHead | ConnectionError | undefined
    lend(Buffer.from(chunk as string, 'latin1'), bytes => {
      result = reader.read(bytes)
    })
    if (result instanceof ConnectionError) return result.code
    if (result !== undefined) return result
  }
  return undefined
}

/** What comes of a body, and whether the reader said that it is whole. */
function readBody(status: number, headers: ResponseHead['headers'], ...chunks: readonly string[]): [string, boolean] {
  const reader = new ResponseBodyReader({ status, statusText: '', headers })
  let whole = false
  for (const chunk of chunks) {
    lend(Buffer.from(chunk, 'latin1'), bytes => {
      whole = reader.read(bytes)
    })
    if (whole) break
  }
  return [Buffer.from(reader.body).toString('latin1'), whole]
}

describe('RFC 9112: the response to the opening handshake', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  describe('section 4: status line', () => {
    it('is taken with any code and reason', () => {
      for (const [line, status, statusText] of [
        ['HTTP/1.1 200 OK', 200, 'OK'],
        ['HTTP/1.1 999 ', 999, ''],
        ['HTTP/1.1 404', 404, ''],
        ['HTTP/1.0 400 Bad Request', 400, 'Bad Request'],
        ['HTTP/1.1 500  two  spaces ', 500, ' two  spaces '],
        ['HTTP/1.1 302 \xe9\ttab', 302, '\xe9\ttab'],
      ] as const) {
        expect(readHead(`${line}\r\n\r\n`), line).to.deep.equal({ status, statusText, headers: [] })
      }
    })

    it('is refused if it is none', () => {
      for (const line of [
        '',
        'HTTP/1.1',
        'HTTP/1.1 ',
        'HTTP/1.1 1',
        'HTTP/1.1 10',
        'HTTP/1.1 1010',
        'HTTP/1.1 001 Low',
        'HTTP/1.1 099 Low',
        'HTTP/1.1 abc What',
        'HTTP/1.1 -10 What',
        'HTTP/1.1 101Switching',
        'HTTP/1.1  101 Two spaces',
        'HTTP/1.1\t101 Tab',
        ' HTTP/1.1 101 Space',
        '\r\nHTTP/1.1 101 Empty line',
        'http/1.1 101 Small',
        'HTTP/2 101 Version',
        'HTTP/2.0 101 Version',
        'HTTP/0.9 101 Version',
        'HTTP/11 101 Version',
        'HTTPS/1.1 101 Name',
        'ICY 200 OK',
        'SSH-2.0-OpenSSH_9.6',
        '220 mail.example.com ESMTP',
        'HTTP/1.1 101 nul \0',
        'HTTP/1.1 101 delete \x7f',
        'HTTP/1.1 101 carriage \r return',
      ]) {
        expect(readHead(`${line}\r\nUpgrade: websocket\r\n\r\n`), JSON.stringify(line)).to.equal(
          'WS_ERR_INVALID_RESPONSE',
        )
      }
    })

    it('is refused with the first byte that makes it none: who speaks another protocol may wait for us', () => {
      for (const [line, from] of [
        ['SSH-2.0-OpenSSH_9.6', 1],
        ['220 mail.example.com ESMTP', 1],
        ['HELO', 2],
        ['HTTPS', 5],
        ['HTTP/2 101', 6],
      ] as const) {
        for (let length = 1; length <= line.length; length++) {
          const expected = length < from ? undefined : 'WS_ERR_INVALID_RESPONSE'
          expect(readHead(line.slice(0, length)), line.slice(0, length)).to.equal(expected)
          expect(readHead(...line.slice(0, length)), `${line.slice(0, length)}, a byte at a time`).to.equal(expected)
          const behind = readHead('HTTP/1.1 103 Early Hints\r\n\r\n', line.slice(0, length))
          expect(behind, `${line.slice(0, length)} behind an interim response`).to.equal(expected)
        }
      }
    })
  })

  describe('section 5: fields', () => {
    const fields = (...lines: readonly string[]): ReturnType<typeof readHead> =>
      readHead(`HTTP/1.1 200 OK\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`)

    it('are given in the order of the wire, names in lower case, values without the space around them', () => {
      const head = fields('B: 2', 'A:1', 'b:  \t3 \t ', 'empty:', 'C: a : b, "c"', "!#$%&'*+-.^_`|~09azAZ: \xff\t\x80")
      expect((head as ResponseHead).headers).to.deep.equal([
        ['b', '2'],
        ['a', '1'],
        ['b', '3'],
        ['empty', ''],
        ['c', 'a : b, "c"'],
        ["!#$%&'*+-.^_`|~09azaz", '\xff\t\x80'],
      ])
    })

    it('may have the names that objects have by themselves', () => {
      const names = ['__proto__', 'constructor', 'tostring', 'hasownproperty', 'valueof']
      const head = fields(...names.map(name => `${name}: polluted`)) as ResponseHead
      expect(head.headers).to.deep.equal(names.map(name => [name, 'polluted']))
    })

    it('are refused if they are ill-formed', () => {
      for (const line of [
        'no colon',
        ': no name',
        'space : before the colon',
        'tab\t: before the colon',
        'in side: the name',
        'n\xe4me: not a token',
        'na(me: not a token',
        'X: nul \0',
        'X: escape \x1b[31m',
        'X: delete \x7f',
        'X: carriage \r return',
      ]) {
        expect(fields('A: b', line), JSON.stringify(line)).to.equal('WS_ERR_INVALID_RESPONSE')
      }
    })

    it('may be thousands', () => {
      const lines = Array.from({ length: 6000 }, (_, index) => `x${index}: y`)
      const head = fields(...lines) as ResponseHead
      expect(head.headers.length).to.equal(6000)
      expect(head.headers[5999]).to.deep.equal(['x5999', 'y'])
    })
  })

  describe('section 2.2: lines', () => {
    it('a head ends with the first empty line, and what is behind it is left', () => {
      const reader = new ResponseHeadReader()
      const head = 'HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n'
      expect(reader.read(Buffer.from(`${head}\r\n\r\nrest\n`))).to.have.property('status', 101)
      expect(reader.consumed).to.equal(head.length)
      const other = new ResponseHeadReader()
      other.read(Buffer.from(head.slice(0, -1)))
      expect(other.read(Buffer.from('\nrest'))).to.have.property('status', 101)
      expect(other.consumed).to.equal(1)
    })
  })

  describe('limits', () => {
    const start = 'HTTP/1.1 101 Switching Protocols\r\n'
    const padded = (length: number): string => `${start}X: ${'y'.repeat(length - start.length - 7)}\r\n\r\n`

    it('a head of 64 KiB is taken, one byte more is refused, in one chunk and in many', () => {
      expect(padded(MAX).length).to.equal(MAX)
      expect(readHead(padded(MAX))).to.have.property('status', 101)
      expect(readHead(padded(MAX + 1))).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
      for (const size of [1000, 1024, 65_535]) {
        const cut = (text: string): string[] => text.match(new RegExp(`[^]{1,${size}}`, 'g'))!
        expect(readHead(...cut(padded(MAX)))).to.have.property('status', 101)
        expect(readHead(...cut(padded(MAX + 1)))).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
      }
    })

    it('bytes behind the head do not count', () => {
      expect(readHead(`${padded(MAX)}${'\0'.repeat(MAX)}`)).to.have.property('status', 101)
    })

    it('a line without end is refused once it is too long', () => {
      const reader = new ResponseHeadReader()
      reader.read(Buffer.from('HTTP/1.1 200 '))
      let read = 13
      while (reader.read(Buffer.alloc(KIBIBYTE, 'x')) === undefined && read < 100 * KIBIBYTE) read += KIBIBYTE
      expect(read).to.be.within(MAX - KIBIBYTE, MAX)
    })

    it('interim responses count together, with the last head', () => {
      const interim = `HTTP/1.1 100 Continue\r\nX: ${'y'.repeat(1000)}\r\n\r\n`
      expect(readHead(interim.repeat(60), padded(1000))).to.have.property('status', 101)
      expect(readHead(interim.repeat(70))).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
      expect(readHead(...Array.from({ length: 70 }, () => interim))).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
      expect(readHead(interim, padded(MAX - interim.length))).to.have.property('status', 101)
      expect(readHead(interim, padded(MAX - interim.length + 1))).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
    })
  })

  describe('section 6.3: the body of a refusal', () => {
    it('has the length that Content-Length says', () => {
      expect(readBody(400, [['content-length', '5']], 'hello')).to.deep.equal(['hello', true])
      expect(readBody(400, [['content-length', '5']], 'hel', '', 'lo, and more')).to.deep.equal(['hello', true])
      expect(readBody(400, [['content-length', '5']], 'hel')).to.deep.equal(['hel', false])
      expect(readBody(400, [['content-length', '0']], '')).to.deep.equal(['', true])
      expect(readBody(400, [['content-length', '0']], 'more')).to.deep.equal(['', true])
    })

    it('goes on until the end if there is no length that makes sense', () => {
      for (const headers of [
        [],
        [['content-length', '']],
        [['content-length', '-5']],
        [['content-length', '5x']],
        [['content-length', '0x5']],
        [['content-length', '1e3']],
        [['content-length', '9'.repeat(400)]],
      ] as ResponseHead['headers'][]) {
        expect(readBody(400, headers, 'hello', ' world')).to.deep.equal(['hello world', false])
      }
    })

    it('is empty where the status says so', () => {
      for (const status of [204, 304]) {
        expect(readBody(status, [], '')).to.deep.equal(['', true])
        expect(readBody(status, [['content-length', '5']], 'hello')).to.deep.equal(['', true])
      }
    })

    describe('section 7.1: in chunks', () => {
      const chunked: ResponseHead['headers'] = [['transfer-encoding', 'chunked']]
      const wire = '5\r\nhello\r\n1;name=value; other="x"\r\n,\r\n00006 \t\r\n world\r\n0\r\nTrailer: x\r\n\r\n'

      it('is put together, without extensions and trailers, however it is cut', () => {
        expect(readBody(400, chunked, wire)).to.deep.equal(['hello, world', true])
        expect(readBody(400, chunked, ...wire)).to.deep.equal(['hello, world', true])
        for (let at = 0; at <= wire.length; at++) {
          expect(readBody(400, chunked, wire.slice(0, at), wire.slice(at))).to.deep.equal(['hello, world', true])
        }
        expect(readBody(400, chunked, '0\r\n\r\n')).to.deep.equal(['', true])
        expect(readBody(400, chunked, 'A\r\n0123456789\r\na\r\n0123456789\r\n')).to.deep.equal([
          '01234567890123456789',
          false,
        ])
      })

      it('is recognized in any case, behind other codings, and goes before Content-Length', () => {
        for (const headers of [
          [['transfer-encoding', 'CHUNKED']],
          [['transfer-encoding', 'gzip, chunked']],
          [
            ['transfer-encoding', 'gzip'],
            ['transfer-encoding', ' chunked'],
          ],
          [
            ['content-length', '3'],
            ['transfer-encoding', 'chunked'],
          ],
        ] as ResponseHead['headers'][]) {
          expect(readBody(400, headers, '5\r\nhello\r\n0\r\n\r\n')).to.deep.equal(['hello', true])
        }
        expect(readBody(400, [['transfer-encoding', 'chunked, gzip']], '5\r\nhello')).to.deep.equal([
          '5\r\nhello',
          false,
        ])
      })

      it('ends where the coding makes no sense', () => {
        for (const bad of ['x\r\n', '\n', '5\n', '-1\r\n', '0x5\r\n', '100000000\r\n', ' 5\r\n', ';\r\n']) {
          expect(readBody(400, chunked, `2\r\nok\r\n${bad}more`), JSON.stringify(bad)).to.deep.equal(['ok', true])
          expect(readBody(400, chunked, `${bad}more`), JSON.stringify(bad)).to.deep.equal(['', true])
        }
        expect(readBody(400, chunked, '\r\n5\r\nhello')).to.deep.equal(['', true])
        expect(readBody(400, chunked, `2\r\nok\r\n1${';x'.repeat(600)}`)).to.deep.equal(['ok', true])
      })
    })

    it('is kept up to 64 KiB, however it is delimited', () => {
      const much = 'x'.repeat(MAX + 1)
      const kept = [much.slice(1), true]
      expect(readBody(400, [], much)).to.deep.equal(kept)
      expect(readBody(400, [], much.slice(0, 100), much)).to.deep.equal(kept)
      expect(readBody(400, [['content-length', `${much.length}`]], much)).to.deep.equal(kept)
      expect(readBody(400, [['content-length', `${MAX}`]], much.slice(1))).to.deep.equal(kept)
      const inOne = `${much.length.toString(16)}\r\n${much}`
      expect(readBody(400, [['transfer-encoding', 'chunked']], inOne)).to.deep.equal(kept)
      expect(readBody(400, [['transfer-encoding', 'chunked']], '1\r\nx\r\n'.repeat(MAX + 1))).to.deep.equal(kept)
    })
  })

  describe('over a connection', () => {
    const loopback = useLoopback()

    /** Has a server answer with these bytes, and then end its side. */
    async function refused(bytes: string, code = 'WS_ERR_UNEXPECTED_STATUS'): Promise<ReturnType<typeof handshake>> {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const events = record(socket)
      const closed = next(socket, 'close')
      const peer = await server.accept()
      // We may be gone before it is written.
      peer.write(bytes).catch(() => {})
      peer.end()
      await closed
      expect(events).to.deep.equal(['error', 'close 1006 unclean'])
      expect(failure(socket)?.code).to.equal(code)
      expect((await peer.readToEnd()).length).to.equal(0)
      expect(server.accepted).to.equal(1)
      expect(failure(socket)?.response).to.equal(handshake(socket))
      return handshake(socket)
    }

    it('any status but 101 is a refusal, told with fields and body; redirects are not followed', async () => {
      for (const status of [200, 201, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 407, 426, 500, 503, 999]) {
        const head = `HTTP/1.1 ${status} Some Reason\r\nLocation: /elsewhere\r\nX-A: 1\r\nx-a: 2\r\n`
        const response = await refused(`${head}Content-Length: 4\r\n\r\nbodymore`)
        expect(response).to.include({ status, statusText: 'Some Reason' })
        expect(response?.headers).to.deep.equal([
          ['location', '/elsewhere'],
          ['x-a', '1'],
          ['x-a', '2'],
          ['content-length', '4'],
        ])
        expect(Buffer.from(response!.body).toString()).to.equal('body')
      }
    })

    it('the body comes with a length, in chunks, or until the end', async () => {
      for (const rest of [
        'Content-Length: 5\r\n\r\nhello',
        'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
        '\r\nhello',
      ]) {
        const response = await refused(`HTTP/1.1 403 Forbidden\r\n${rest}`)
        expect(Buffer.from(response!.body).toString()).to.equal('hello')
      }
    })

    it('a body that is cut off is told as far as it came', async () => {
      const response = await refused('HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\nhello')
      expect(Buffer.from(response!.body).toString()).to.equal('hello')
    })

    it('a body that does not end is given up at 64 KiB, without waiting for the server', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const closed = next(socket, 'close')
      const peer = await server.accept()
      await peer.write(`HTTP/1.1 403 Forbidden\r\n\r\n${'x'.repeat(MAX + 1)}`)
      await closed
      expect(handshake(socket)?.body.length).to.equal(MAX)
    })

    it('a body whose rest does not come is not waited for', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const closed = next(socket, 'close')
      const peer = await server.accept()
      await peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\nhello')
      await closed
      expect(Buffer.from(handshake(socket)!.body).toString()).to.equal('hello')
    })

    for (const [what, bytes, code] of [
      ['a server of another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'WS_ERR_INVALID_RESPONSE'],
      ['a folded line before any field', 'HTTP/1.1 101 Switching\r\n b\r\n\r\n', 'WS_ERR_INVALID_RESPONSE'],
      ['a head beyond 64 KiB', `HTTP/1.1 101 ${'x'.repeat(MAX)}`, 'WS_ERR_RESPONSE_TOO_LARGE'],
    ] as const) {
      it(`${what}: no response at all`, async () => {
        expect(await refused(bytes, code)).to.equal(undefined)
      })
    }
  })
})
