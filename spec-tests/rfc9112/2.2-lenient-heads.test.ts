import { expect } from 'chai'
import { failure, handshake, WebSocketStream } from '#lib/entry/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { ResponseHeadReader } from '#lib/protocol/http1.js'
import type { ResponseHead } from '#lib/transport/pipe.js'
import { lend } from '../support/frame-recorder.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** The head that a reader makes of these chunks and what comes behind it; the code of a refusal; or that more is needed. */
function read(...chunks: readonly string[]): { head: ResponseHead; rest: string } | string {
  const reader = new ResponseHeadReader()
  for (const [index, chunk] of chunks.entries()) {
    let result: ResponseHead | ConnectionError | undefined
    lend(Buffer.from(chunk, 'latin1'), bytes => {
      result = reader.read(bytes)
    })
    if (result instanceof ConnectionError) return result.code
    if (result !== undefined) {
      return { head: result, rest: chunk.slice(reader.consumed) + chunks.slice(index + 1).join('') }
    }
  }
  return 'incomplete'
}

function headersOf(text: string): ResponseHead['headers'] | string {
  const result = read(text)
  return typeof result === 'string' ? result : result.head.headers
}

const STATUS_LINE = 'HTTP/1.1 101 Switching Protocols'
const BAD = 'WS_ERR_INVALID_RESPONSE'

describe('RFC 9112: response heads that deviate, as servers send them', () => {
  describe('RFC 9110 section 2.5: minor versions', () => {
    it('are all taken, with any status', () => {
      for (const minor of ['0', '1', '2', '9']) {
        for (const status of [101, 200, 404]) {
          expect(read(`HTTP/1.${minor} ${status} Reason\r\n\r\n`)).to.deep.equal({
            head: { status, statusText: 'Reason', headers: [] },
            rest: '',
          })
        }
      }
    })

    it('are one digit behind the major version 1', () => {
      for (const version of ['1.', '1.10', '1.x', '2.0', '0.9', '1,1', '10.1', '1']) {
        expect(read(`HTTP/${version} 101 Switching Protocols\r\n\r\n`), version).to.equal(BAD)
      }
    })
  })

  describe('section 2.2: lines that end in LF alone', () => {
    const expected = {
      head: { status: 101, statusText: 'Switching Protocols', headers: [['a', 'b'] as const, ['c', ''] as const] },
      rest: '\n\nrest',
    }

    it('are taken, in any mixture with CR LF', () => {
      for (let mixture = 0; mixture < 16; mixture++) {
        const end = (index: number): string => ((mixture >> index) & 1 ? '\n' : '\r\n')
        const head = `${STATUS_LINE}${end(0)}A: b${end(1)}C:${end(2)}${end(3)}`
        expect(read(`${head}\n\nrest`), JSON.stringify(head)).to.deep.equal(expected)
      }
    })

    it('end the head as soon as there is an empty one', () => {
      for (const head of [`${STATUS_LINE}\n\n`, `${STATUS_LINE}\r\n\n`, `${STATUS_LINE}\n\r\n`]) {
        for (let length = 0; length < head.length; length++) expect(read(head.slice(0, length))).to.equal('incomplete')
        expect(read(head)).to.have.nested.property('head.status', 101)
      }
    })

    it('do not make a CR that stands elsewhere valid', () => {
      for (const head of [
        `${STATUS_LINE}\rA: b\n\n`,
        `${STATUS_LINE}\r\r\n\r\n`,
        `${STATUS_LINE}\nA: b\r\r\n\n`,
        `${STATUS_LINE}\nA: b\rC: d\n\n`,
        `${STATUS_LINE}\n\r\r\n\n`,
        `\n${STATUS_LINE}\n\n`,
      ]) {
        expect(read(head), JSON.stringify(head)).to.equal(BAD)
      }
    })

    it('may end interim responses', () => {
      expect(read(`HTTP/1.1 103 Early Hints\nLink: a\n\n${STATUS_LINE}\nA: b\nC:\n\n\n\nrest`)).to.deep.equal(expected)
    })
  })

  describe('section 5.2: folded lines', () => {
    it('continue a value, with one space in place of the fold', () => {
      for (const [folded, value] of [
        ['X: one\r\n two', 'one two'],
        ['X: one \t\r\n \t two', 'one two'],
        ['X: one\r\n two\r\n\tthree', 'one two three'],
        ['X: one\n two', 'one two'],
        ['X:\r\n one', 'one'],
        ['X:\r\n \r\n one', 'one'],
        ['X: one\r\n \r\n\t\r\n two ', 'one two'],
        ['X: one\r\n ', 'one'],
        ['X: one\r\n two: three', 'one two: three'],
        ['X: one\r\n : two', 'one : two'],
      ] as const) {
        const expected = [
          ['a', 'b'],
          ['x', value],
          ['c', 'd'],
        ]
        expect(headersOf(`${STATUS_LINE}\r\nA: b\r\n${folded}\r\nC: d\r\n\r\n`), JSON.stringify(folded)).to.deep.equal(
          expected,
        )
      }
    })

    it('are refused where there is no value to continue, and with control characters', () => {
      for (const head of [
        `${STATUS_LINE}\r\n folded\r\n\r\n`,
        `${STATUS_LINE}\r\n A: b\r\n\r\n`,
        `${STATUS_LINE}\r\n \r\n\r\n`,
        `${STATUS_LINE}\r\nA: b\r\n c\0d\r\n\r\n`,
        `${STATUS_LINE}\r\nA: b\r\n c\rd\r\n\r\n`,
        `${STATUS_LINE}\r\nA: b\r\n c\x7f\r\n\r\n`,
      ]) {
        expect(read(head), JSON.stringify(head)).to.equal(BAD)
      }
    })

    it('cost no more than other bytes of the head', () => {
      const lines = 20_000
      const started = process.cpuUsage()
      const headers = headersOf(
        `${STATUS_LINE}\r\nX: a${'\r\n b'.repeat(lines / 2)}${'\r\n '.repeat(lines / 3)}\r\n\r\n`,
      )
      expect(headers).to.deep.equal([['x', `a${' b'.repeat(lines / 2)}`]])
      expect(process.cpuUsage(started).user).to.be.below(1_000_000)
    })
  })

  it('are read the same wherever they are cut', () => {
    const folded = 'HTTP/1.0 101\r\nX: one \r\n two\n\tthree\r\nUpgrade:\n websocket\r\n\r\nrest'
    const bare = 'HTTP/1.2 103 Wait\nA: b\n\nHTTP/1.1 101 Reason\nX: y\r\nC: d\n\r\n\nrest'
    for (const bytes of [folded, bare, folded.replace('X:', 'X'), bare.replace('y', 'y\r')]) {
      const whole = read(bytes)
      expect(whole).not.to.equal('incomplete')
      expect(read(...bytes)).to.deep.equal(whole)
      for (let first = 0; first <= bytes.length; first++) {
        for (let second = first; second <= bytes.length; second++) {
          const pieces = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)]
          expect(read(...pieces), JSON.stringify(pieces)).to.deep.equal(whole)
        }
      }
    }
  })

  it('are held to 64 KiB, however their lines end', () => {
    for (const line of ['x: y\n', 'x: y\r\n z\r\n', ' folded\n']) {
      const reader = new ResponseHeadReader()
      expect(reader.read(Buffer.from(`${STATUS_LINE}\n`))).to.equal(undefined)
      let result: unknown
      let read = 0
      while (result === undefined) {
        expect(read).to.be.below(70_000)
        const piece = Buffer.from(line.repeat(100))
        read += piece.length
        result = reader.read(piece)
      }
      expect(result).to.have.property('code', 'WS_ERR_RESPONSE_TOO_LARGE')
    }
  })

  describe('over a connection', () => {
    const loopback = useLoopback()

    const changes: Record<string, (head: string) => string> = {
      'HTTP/1.0': head => head.replace('HTTP/1.1', 'HTTP/1.0'),
      'HTTP/1.2': head => head.replace('HTTP/1.1', 'HTTP/1.2'),
      'lines that end in LF alone': head => head.replaceAll('\r\n', '\n'),
      'folded lines': head => head.replace('\r\n', '\r\nX-Long: one\r\n two\r\n').replaceAll(': ', ':\r\n  '),
    }
    for (const [name, change] of Object.entries(changes)) {
      it(`${name}: the connection opens, and frames of the same packet are read`, async () => {
        const server = await loopback.serveRaw()
        const socket = loopback.socket(server.url)
        const message = next(socket, 'message')
        const peer = await server.accept()
        const head = change(peer.acceptance().toString('latin1'))
        await peer.write(Buffer.concat([Buffer.from(head, 'latin1'), frame(TEXT, 'hello')]))
        expect((await message).data).to.equal('hello')
        expect(failure(socket)).to.equal(undefined)
        if (name === 'folded lines') expect(handshake(socket)!.headers).to.deep.include(['x-long', 'one two'])

        const stream = new WebSocketStream(server.url)
        const second = await server.accept()
        await second.write(Buffer.from(change(second.acceptance().toString('latin1')), 'latin1'))
        const { readable } = await stream.opened
        await second.write(frame(TEXT, 'hello'))
        expect((await readable.getReader().read()).value).to.equal('hello')
        stream.close()
        second.reset()
        await stream.closed.catch(() => {})
      })
    }
  })
})
