import { expect } from 'chai'
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  option,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import { failure, WebSocket } from '#lib/entry/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { ResponseBodyReader, ResponseHeadReader } from '#lib/protocol/http1.js'
import type { ResponseHead } from '#lib/transport/pipe.js'
import { lend } from '../support/frame-recorder.ts'
import { MemoryServer } from '../support/memory-server.ts'
import { damage, damaged } from './damage.ts'
import { type Property, property } from './property.ts'
import { type Cuts, cut, cuts, WHOLE } from './server-stream.ts'
import { SocketLog } from './socket-log.ts'

/*
 * Any response to the handshake: it is read the same however it is cut, what is well-formed is read as it was written,
 * and no connection opens but by the response that the handshake asks for.
 */

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const character = (from: number, to: number): Arbitrary<string> =>
  integer({ min: from, max: to }).map(code => String.fromCharCode(code))

const token = string({
  unit: constantFrom(..."!#$%&'*+-.^_`|~09AZaz"),
  minLength: 1,
  maxLength: 12,
})
const fieldText = string({ unit: oneof(character(0x21, 0x7e), character(0x80, 0xff)), maxLength: 12 })
/** Without whitespace at its ends. */
const fieldValue = array(fieldText, { maxLength: 3 }).map(words => words.filter(word => word !== '').join(' '))

const fields: Arbitrary<readonly (readonly [name: string, value: string])[]> = array(
  tuple(oneof(token, constantFrom('__proto__', 'constructor', 'Content-Length', 'Transfer-Encoding')), fieldValue),
  { maxLength: 6 },
)

const blank = constantFrom('', ' ', '\t', '  \t')

const head = record({
  interim: option(constantFrom(100, 102, 103), { freq: 5 }),
  status: oneof(constant(101), integer({ min: 200, max: 599 })),
  reason: fieldValue,
  fields,
  before: blank,
  after: blank,
  minor: constantFrom(0, 1, 1, 2, 9),
  lineEnd: constantFrom('\r\n', '\r\n', '\n'),
  fold: constantFrom('', '', ' ', ' \t'),
  rest: uint8Array({ maxLength: 20 }),
})

const wildByte = oneof(constantFrom(0, 9, 10, 13, 32, 58), integer({ min: 0, max: 255 }))

const damages = array(damage(wildByte), { maxLength: 3 })

function write(parts: typeof head extends Arbitrary<infer Value> ? Value : never): Buffer {
  const { interim, status, reason, before, after, minor, lineEnd, fold, rest } = parts
  const first = interim === null ? '' : `HTTP/1.1 ${interim} Wait\r\nLink: a\r\n\r\n`
  const between = fold === '' ? '' : lineEnd + fold
  const lines = parts.fields.map(([name, value]) => `${name}:${before}${between}${value}${after}${lineEnd}`)
  const whole = `${first}HTTP/1.${minor} ${status} ${reason}${lineEnd}${lines.join('')}${lineEnd}`
  return Buffer.concat([latin1(whole), rest])
}

/** The head, or how reading fails, or that it waits for more; and what comes behind it. */
function read(bytes: Uint8Array, sizes: Cuts): unknown {
  const reader = new ResponseHeadReader()
  let result: ResponseHead | ConnectionError | undefined
  const rest: Buffer[] = []
  for (const piece of cut(bytes, sizes)) {
    lend(piece, lent => {
      if (result !== undefined) return rest.push(Buffer.from(lent))
      result = reader.read(lent)
      return result === undefined ? 0 : rest.push(Buffer.from(lent.subarray(reader.consumed)))
    })
  }
  if (result instanceof ConnectionError) return { code: result.code }
  return result === undefined ? 'incomplete' : { ...result, rest: Buffer.concat(rest).toString('hex') }
}

/** What is read of a refusal's body, and whether that is all of it. */
function readBody(body: Uint8Array, sizes: Cuts, response: ResponseHead): unknown {
  const reader = new ResponseBodyReader(response)
  let over = false
  for (const piece of cut(body, sizes)) {
    if (!over) lend(piece, lent => (over = reader.read(lent)))
  }
  return { over, body: Buffer.from(reader.body).toString('hex') }
}

/** A response is read the same in pieces of these sizes, of one byte, and whole. */
export function expectTheSameHead(response: Uint8Array, sizes: Cuts): void {
  const whole = read(response, WHOLE)
  expect(read(response, sizes)).to.deep.equal(whole)
  expect(read(response, [1])).to.deep.equal(whole)
}

/** The body of a refusal is read the same in pieces of these sizes, and whole. */
export function expectTheSameBody(body: Uint8Array, sizes: Cuts, response: ResponseHead): void {
  expect(readBody(body, sizes, response)).to.deep.equal(readBody(body, WHOLE, response))
}

const chunk = tuple(uint8Array({ maxLength: 30 }), constantFrom('', ';a=b', ' ')).map(([data, extension]) =>
  Buffer.concat([latin1(`${data.length.toString(16)}${extension}\r\n`), data, latin1('\r\n')]),
)

const refusal = record({
  framing: constantFrom('content-length', 'transfer-encoding', 'none'),
  length: integer({ min: 0, max: 60 }),
  body: tuple(array(chunk, { maxLength: 4 }), damages).map(([chunks, harms]) => damaged(Buffer.concat(chunks), harms)),
})

export const responseHeads: readonly Property[] = [
  property(
    'a response head is read the same however it is cut',
    400,
    tuple(
      tuple(head.map(write), damages).map(([bytes, harms]) => damaged(bytes, harms)),
      cuts,
    ),
    ([response, sizes]) => expectTheSameHead(response, sizes),
  ),
  property('a well-formed response head is read as it was written', 200, head, parts => {
    expect(read(write(parts), WHOLE)).to.deep.equal({
      status: parts.status,
      statusText: parts.reason,
      headers: parts.fields.map(([name, value]) => [name.toLowerCase(), value]),
      rest: Buffer.from(parts.rest).toString('hex'),
    })
  }),
  property(
    'the body of a refusal is read the same however it is cut',
    200,
    tuple(refusal, cuts),
    ([{ framing, length, body }, sizes]) => {
      const value = framing === 'transfer-encoding' ? 'chunked' : String(length)
      const response = { status: 403, statusText: '', headers: framing === 'none' ? [] : [[framing, value] as const] }
      expectTheSameBody(body, sizes, response)
    },
  ),
  property(
    'no connection opens but by the response that the handshake asks for',
    250,
    tuple(
      array(constantFrom('X: a', 'Via: b', 'Connection: keep-alive', 'connection: x'), { maxLength: 2 }),
      damages,
      cuts,
      boolean(),
    ),
    async ([lines, harms, sizes, together]) => {
      const server = new MemoryServer()
      const socket = new WebSocket('ws://server.example/', { connect: server.client, closeTimeout: 0 })
      const log = new SocketLog(socket)
      await server.requested
      const right = server.acceptance(...lines)
      const response = damaged(right, harms)
      for (const piece of together ? [response] : cut(response, sizes)) server.send(piece)
      await server.leave(true)
      await log.closed
      log.verify()
      const key = /^sec-websocket-accept: (.*)$/im.exec(right.toString('latin1'))![1]!
      const text = response.toString('latin1')
      const answered = /^HTTP\/1\.\d 101(?: [^\r\n\0]*)?\r?\n/.test(text) && /\n\r?\n/.test(text)
      // Lines that were folded in two are one line of their own.
      const unfolded = text.replaceAll(/[\t ]*\r?\n[\t ]+/g, ' ')
      const field = (name: string, value: string): boolean =>
        new RegExp(`^${name}:[\\t ]*${value}[\\t ]*\r?$`, 'im').test(unfolded)
      const fits =
        answered &&
        field('upgrade', 'websocket') &&
        field('connection', '(?:[^\\r\\n]*,)?[\\t ]*upgrade[\\t ]*(?:,[^\\r\\n]*)?') &&
        field('sec-websocket-accept', key.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
      if (log.lines.includes('open')) expect(fits, `this opened a connection: ${JSON.stringify(text)}`).to.equal(true)
      // Nothing was spoilt: it opens.
      if (response.equals(right)) expect(log.lines[0]).to.equal('open')
      if (!log.lines.includes('open'))
        expect(failure(socket)?.code).to.match(/^WS_ERR_(?:INVALID|CONNECTION|UNEXPECTED)/)
    },
  ),
]
