import type { RawPeer } from '../../support/raw-server.ts'
import { frame, TEXT } from '../../support/raw-server.ts'
import {
  type Attack,
  type ClientOptions,
  conclude,
  dropped,
  type Expectation,
  finish,
  flood,
  neverOpened,
  type Step,
  SURVIVED,
  times,
} from '../attack.ts'

const KIB = 1024

/** An answer with these header lines besides those that it must have. */
function answers(lines: readonly string[], expect: Expectation, options: ClientOptions = {}): Step {
  return {
    options,
    expect,
    async serve(peer) {
      await peer.accept(...lines)
      return expect.opened === false ? conclude(peer) : finish(peer)
    },
  }
}

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'prototype', 'toString', 'valueOf']
const badExtensions = neverOpened('WS_ERR_INVALID_EXTENSIONS')
const badProtocol = neverOpened('WS_ERR_INVALID_SUBPROTOCOL')
const badResponse = neverOpened('WS_ERR_INVALID_RESPONSE')
const tooLarge = neverOpened('WS_ERR_RESPONSE_TOO_LARGE')

/** A list of `bytes` bytes in a header field that is hard to take apart for a careless parser. */
function hardLists(bytes: number): ReadonlyArray<readonly [line: string, expect: Expectation]> {
  const some = Math.floor(bytes / 2)
  return [
    [`Sec-WebSocket-Protocol: b${' '.repeat(bytes)}x`, badProtocol],
    [`Sec-WebSocket-Extensions: b${' '.repeat(bytes)}x`, badExtensions],
    [`Sec-WebSocket-Extensions: ${','.repeat(bytes)}`, SURVIVED],
    [`Sec-WebSocket-Extensions: a${';'.repeat(bytes)}`, badExtensions],
    [`Sec-WebSocket-Extensions: a; b="${'\\c'.repeat(some)}`, badExtensions],
    [`Sec-WebSocket-Extensions: permessage-deflate${'; a=b'.repeat(Math.floor(bytes / 5))}`, badExtensions],
    [`Sec-WebSocket-Extensions: permessage-deflate${', a'.repeat(Math.floor(bytes / 3))}`, badExtensions],
    [`Connection: ${' ,'.repeat(some)}`, SURVIVED],
    [`X-Spaces: ${' '.repeat(bytes)}x${' '.repeat(10)}`, SURVIVED],
    [`X-Folded: a${'\r\n b'.repeat(Math.floor(bytes / 4))}`, SURVIVED],
    [`X-Folded: a${'\r\n '.repeat(Math.floor(bytes / 3))}`, SURVIVED],
    [`X-Folded: a${' '.repeat(some)}\r\n${' '.repeat(some)}b`, SURVIVED],
  ]
}

/** Sends a piece of the head again and again, at short intervals, until the client is gone. */
async function drip(peer: RawPeer, start: string, piece: string): Promise<void> {
  await peer.write(start)
  const timer = setInterval(() => peer.write(piece).catch(() => {}), 5)
  try {
    await dropped(peer)
  } finally {
    clearInterval(timer)
  }
}

function dripsFor(start: string, piece: string): Step {
  return {
    options: { handshakeTimeout: 200 },
    expect: neverOpened('WS_ERR_HANDSHAKE_TIMEOUT'),
    async serve(peer) {
      await drip(peer, start, piece)
      return 'nothing'
    },
  }
}

export const handshakeAttacks: readonly Attack[] = [
  {
    name: 'header fields, extensions and parameters with names of Object.prototype',
    source: 'GHSA-5v72-xg48-5rpm',
    bound: 'header lists are searched, never made into objects',
    amount: 1,
    unit: 'times each name',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount =>
      times(
        amount,
        PROTOTYPE_NAMES.flatMap(name => [
          answers([`${name}: a`, `${name}: b`], SURVIVED),
          answers([`Sec-WebSocket-Extensions: ${name}`], badExtensions),
          answers([`Sec-WebSocket-Extensions: permessage-deflate; ${name}`], badExtensions),
          answers([`Sec-WebSocket-Extensions: permessage-deflate; ${name}=10`], badExtensions),
          answers([`Sec-WebSocket-Protocol: ${name}`], badProtocol),
        ]),
      ),
  },
  {
    name: 'header values that make a careless parser quadratic',
    source: 'CVE-2021-32640, CVE-2020-7662, CVE-2023-26103',
    bound: 'lists are taken apart in one pass; 64 KiB for the whole head',
    amount: 15_000,
    unit: 'bytes in one field',
    work: 'linear',
    memory: { limit: 48 },
    steps: amount =>
      times(
        2,
        hardLists(amount).map(([line, expect]) => answers([line], expect)),
      ),
  },
  {
    name: 'a head in chunks of one byte',
    source: 'CVE-2023-43669',
    bound: 'each byte of the head is looked at once',
    amount: 15_000,
    unit: 'chunks, five times',
    work: 'linear',
    memory: { limit: 32 },
    steps: amount => times(5, [answers([`X-Long: ${'x'.repeat(amount)}`], SURVIVED, { slice: 1 })]),
  },
  {
    name: 'thousands of header fields',
    source: 'CVE-2024-37890, CVE-2023-38039',
    bound: '64 KiB for the whole head, however many fields',
    amount: 2_500,
    unit: 'fields, five times',
    work: 'linear',
    memory: { limit: 48 },
    steps: amount =>
      times(5, [
        answers(
          Array.from({ length: amount }, (_, index) => `${index.toString(36)}:`),
          SURVIVED,
        ),
      ]),
  },
  {
    name: 'a header block of 1 MiB and more',
    source: 'CVE-2023-38039, CVE-2023-43669',
    bound: 'refused at 64 KiB; the rest is not read',
    amount: 1024,
    unit: 'KiB',
    work: 'constant',
    memory: { limit: 16 },
    steps: amount =>
      [`X: ${'x'.repeat(KIB - 5)}\r\n`, 'a:\r\n'.repeat(KIB / 4), 'x'.repeat(KIB)].map(block => ({
        expect: tooLarge,
        async serve(peer) {
          await peer.write('HTTP/1.1 101 Switching Protocols\r\nX:')
          await flood(peer, Buffer.from(block), amount)
          return conclude(peer)
        },
      })),
  },
  {
    name: 'interim responses without end',
    source: 'RFC 9110 section 15.2',
    bound: 'they count towards the 64 KiB of the head',
    amount: 8 * KIB,
    unit: 'responses with status 103',
    work: 'constant',
    memory: { limit: 24 },
    steps: amount => [
      {
        expect: tooLarge,
        async serve(peer) {
          await flood(peer, Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'), amount)
          return conclude(peer)
        },
      },
    ],
  },
  {
    name: 'a head that comes drop by drop',
    source: 'CVE-2018-12122',
    bound: 'handshakeTimeout (here 200 ms) is for the whole handshake',
    amount: 1,
    unit: 'times each way',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount =>
      times(amount, [
        dripsFor('HTTP/1.1 101 Switching Protocols\r\nX: ', 'x'),
        dripsFor('HTTP/1.1 101 Switching Protocols\r\n', 'a:\r\n'),
        dripsFor('', 'HTTP/1.1 100 Continue\r\n\r\n'),
        dripsFor('HT', ''),
      ]),
  },
  {
    name: 'bytes beyond ASCII, control characters and folded lines in the head',
    source: 'CVE-2026-55517, CVE-2022-32215, RFC 9112 section 5.2',
    bound: 'values are bytes; a control character fails the handshake, a folded line continues a value',
    amount: 2,
    unit: 'times each of them',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount =>
      times(amount, [
        answers(['X-Any: \x80\xfe\xff'], SURVIVED),
        answers(['Sec-WebSocket-Protocol: \x80\xff'], badProtocol),
        answers(['Sec-WebSocket-Protocol: \x80\xff'], badProtocol, { protocols: ['a', 'b'] }),
        answers(['Sec-WebSocket-Extensions: \x80\xff'], badExtensions),
        answers(['Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\xb2'], badExtensions),
        ...['\0', '\x01', '\x7f', 'a\rb', 'a\nb', '\x1b[2J'].map(value => answers([`X: ${value}`], badResponse)),
        answers(['X: a', ' folded', '\tfolded: b'], SURVIVED),
        answers(['X: a', ' folded\x01'], badResponse),
        answers(['Sec-WebSocket-Protocol: a', ' , b'], badProtocol, { protocols: ['a', 'b'] }),
        answers(['X : a'], badResponse),
        answers(['X\xe9: a'], badResponse),
        answers([': a'], badResponse),
        answers(['no colon'], badResponse),
      ]),
  },
  {
    name: 'a 101 with the length of a body',
    source: 'RFC 9112 section 6.3',
    bound: 'a 101 has no body: what follows are frames',
    amount: 2,
    unit: 'times each field',
    work: 'linear',
    memory: { limit: 24 },
    steps: amount =>
      times(
        amount,
        ['Content-Length: 0', 'Content-Length: 7', 'Content-Length: 99999999', 'Transfer-Encoding: chunked'].map(
          line => ({
            expect: { ...SURVIVED, messages: 2 },
            async serve(peer) {
              // In one packet with the head, and in one behind.
              await peer.write(Buffer.concat([peer.acceptance(line), frame(TEXT, 'hello')]))
              await peer.write(frame(TEXT, 'world'))
              return finish(peer)
            },
          }),
        ),
      ),
  },
]
