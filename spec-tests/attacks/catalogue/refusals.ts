import {
  type Attack,
  type ClientOptions,
  conclude,
  dropped,
  type Expectation,
  flood,
  neverOpened,
  type Step,
  times,
} from '../attack.ts'

const KIB = 1024
const refusal = neverOpened('WS_ERR_UNEXPECTED_STATUS')

/** Refuses the handshake with that head, and a body of one block again and again, and its end. */
function refuses(fields: string, block: string, count: number, end?: string, status = 403): Step {
  return {
    expect: refusal,
    async serve(peer) {
      await peer.write(`HTTP/1.1 ${status} Some Reason\r\n${fields}\r\n`)
      await flood(peer, Buffer.from(block), count)
      if (end !== undefined) await peer.write(end).catch(() => {})
      return conclude(peer)
    },
  }
}

export const refusalAttacks: readonly Attack[] = [
  {
    name: 'a refusal with a body without end',
    source: 'RFC 9112 section 6.3',
    bound: '64 KiB of the body are kept, then the connection is dropped',
    amount: 512,
    unit: 'KiB',
    work: 'constant',
    memory: { limit: 16 },
    steps: amount => [
      refuses('', 'x'.repeat(KIB), amount),
      refuses('Content-Length: 999999999999999\r\n', 'x'.repeat(KIB), amount),
      refuses('Content-Length: 99999999999999999999\r\n', 'x'.repeat(KIB), amount),
      refuses('Transfer-Encoding: chunked\r\n', `400\r\n${'x'.repeat(KIB)}\r\n`, amount),
      refuses('Transfer-Encoding: chunked\r\n', `${'0'.repeat(KIB)}`, amount),
    ],
  },
  {
    name: 'a refusal whose body comes in chunks of one byte',
    source: 'RFC 9112 section 7.1',
    bound: 'each byte of the body is copied a few times at most',
    amount: 15 * KIB,
    unit: 'chunks of the chunked coding, five times',
    work: 'linear',
    memory: { limit: 32 },
    steps: amount => times(5, [refuses('Transfer-Encoding: chunked\r\n', '1\r\nx\r\n', amount, '0\r\n\r\n')]),
  },
  {
    name: 'a redirect to a place that is hard to read',
    source: 'CWE-1333',
    bound: 'what may be secret in it is found in one pass; 64 KiB for the whole head',
    amount: 15_000,
    unit: 'bytes in one field',
    work: 'linear',
    memory: { limit: 32 },
    steps: amount =>
      // One character again and again, where no URL may have it or the pattern of a careless program begins anew.
      times(
        4,
        ['a', '@', '?', '%', '['].map(one => {
          return refuses(`Location: http://[${one.repeat(amount)}\r\nContent-Length: 0\r\n`, '', 0, undefined, 302)
        }),
      ),
  },
  {
    name: 'a refusal whose body never comes',
    source: 'CVE-2018-12122',
    bound: 'it is waited for a second, and for no longer than handshakeTimeout',
    amount: 1,
    unit: 'times each way',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount => [
      ...times(amount, [neverComes(refusal)]),
      ...times(amount, [neverComes(neverOpened('WS_ERR_HANDSHAKE_TIMEOUT'), { handshakeTimeout: 200 })]),
    ],
  },
]

function neverComes(expect: Expectation, options: ClientOptions = {}): Step {
  return {
    options,
    expect,
    async serve(peer) {
      await peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n')
      await dropped(peer)
      return 'nothing'
    },
  }
}
