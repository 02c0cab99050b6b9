import { compress } from '../../support/compress.ts'
import { noise } from '../../support/noise.ts'
import { BINARY, CONTINUATION, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import { type Attack, type Expectation, finish, flood, message, type Step, SURVIVED, settled } from '../attack.ts'

const KIB = 1024

/**
 * The server's side: sends bytes again and again, and has the client's heap looked at in the middle of it.
 *
 * @param around what comes once before, and once behind
 */
function floodOf(
  bytes: Uint8Array,
  count: number,
  around?: readonly [before: Uint8Array, behind: Uint8Array],
): Step['serve'] {
  return async (peer, probe) => {
    await peer.accept()
    if (around !== undefined) await peer.write(around[0])
    await flood(peer, bytes, count)
    await settled(peer)
    await probe.heap()
    if (around !== undefined) await peer.write(around[1])
    return finish(peer)
  }
}

/** The first and the last frame of a message, both empty. */
const ENDS = [frame(BINARY, '', { fin: false }), frame(CONTINUATION)] as const
const oneMessage: Expectation = { ...SURVIVED, messages: 1 }

export const floodAttacks: readonly Attack[] = [
  {
    name: 'a flood of empty fragments',
    source: 'CVE-2026-48779, CVE-2026-12151',
    bound: 'a fragment is nothing that is kept; no count that would break honest senders',
    amount: 256 * KIB,
    unit: 'fragments of 2 bytes in one message',
    work: 'linear',
    memory: { limit: 24, held: 1 },
    steps: amount => [{ expect: oneMessage, serve: floodOf(frame(CONTINUATION, '', { fin: false }), amount, ENDS) }],
  },
  {
    name: 'a flood of tiny fragments',
    source: 'CVE-2026-48779, CVE-2026-12151',
    bound: 'payload goes straight into one buffer, which counts against maxPayload',
    amount: 128 * KIB,
    unit: 'fragments of 3 bytes in one message',
    work: 'linear',
    memory: { limit: 32, held: 2 },
    steps: amount => [{ expect: oneMessage, serve: floodOf(frame(CONTINUATION, 'x', { fin: false }), amount, ENDS) }],
  },
  {
    name: 'a long message in fragments of 64 KiB',
    source: 'CVE-2026-48779, RFC 6455 section 10.4',
    bound: 'what has arrived is copied once more, when all of it is there',
    amount: 8,
    unit: 'MiB in one message',
    work: 'linear',
    memory: { limit: 96 },
    steps: amount => {
      const fragment = frame(CONTINUATION, new Uint8Array(64 * KIB), { fin: false })
      return [{ expect: oneMessage, serve: floodOf(fragment, amount * 16, ENDS) }]
    },
  },
  {
    name: 'a flood of empty messages',
    source: 'CVE-2026-48779, RFC 6455 section 10.4',
    bound: 'what waits is the bytes of the chunk, in memory that was read to; reading pauses at 512 KiB of them',
    // The large run has more bytes than may wait, so that the heap shows whether reading pauses.
    amount: 256 * KIB,
    unit: 'messages of 2 bytes',
    work: 'linear',
    // What waits may leave half of each piece of that memory unused.
    memory: { limit: 64, held: 2 },
    steps: amount => [
      {
        expect: { ...SURVIVED, messages: amount },
        serve: floodOf(frame(TEXT), amount),
      },
    ],
  },
  {
    name: 'a flood of empty messages in one chunk',
    source: 'RFC 6455 section 10.4',
    bound: 'what is held up is copied once, however often reading pauses',
    amount: 128 * KIB,
    unit: 'messages of 2 bytes, half of them in one piece',
    work: 'linear',
    memory: { limit: 96 },
    steps: amount => [
      {
        // Not all of it: some may come with the response head.
        options: { gather: amount },
        expect: { ...SURVIVED, messages: amount },
        async serve(peer) {
          await peer.accept()
          await flood(peer, frame(TEXT), amount)
          return finish(peer)
        },
      },
    ],
  },
  {
    name: 'chunks of one byte',
    source: 'CVE-2026-48779',
    bound: 'a chunk is lent, not kept; the handshake and each kind of message, a byte at a time',
    amount: 32 * KIB,
    unit: 'chunks',
    work: 'linear',
    memory: { limit: 24, held: 2 },
    steps: amount => {
      const text = Buffer.from('\u20ac'.repeat(amount / 4 / 3))
      const bytes = noise(amount / 4)
      const compressed = compress(bytes)
      return [
        {
          options: { slice: 1 },
          expect: { ...SURVIVED, messages: 4 },
          async serve(peer, probe) {
            await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
            await peer.write(message(TEXT, text))
            await peer.write(message(BINARY, bytes))
            await peer.write(message(TEXT, text, { size: 100 }))
            await peer.write(message(BINARY, compressed, { rsv: 4 }))
            await settled(peer)
            await probe.heap()
            return finish(peer)
          },
        },
      ]
    },
  },
  {
    name: 'a flood of pings while the server does not read',
    source: 'CVE-2026-11586, RFC 6455 section 5.5.3',
    bound: 'above 64 KiB in the socket one pong is owed, to the newest ping',
    // Twice as many as the system takes for a server that does not read: 4 MiB of pongs.
    amount: 64 * KIB,
    unit: 'pings of 127 bytes',
    work: 'linear',
    memory: { limit: 24, held: 3 },
    steps: amount => [
      {
        expect: { ...SURVIVED, messages: 0 },
        async serve(peer, probe) {
          await peer.accept()
          peer.pause()
          await flood(peer, frame(PING, 'x'.repeat(125)), amount)
          await peer.send(PING, 'newest')
          await probe.heap()
          peer.resume()
          let pongs = 0
          for (;;) {
            const { opcode, text } = await peer.readFrame()
            if (opcode !== PONG) throw new Error(`The client sent a frame with opcode ${opcode}`)
            if (text === 'newest') break
            pongs++
          }
          if (pongs >= amount) throw new Error('Each ping was answered: they must have been kept somewhere')
          return finish(peer)
        },
      },
    ],
  },
  {
    name: 'pings to a client that sends nothing itself',
    source: 'CVE-2026-11586',
    bound: 'a pong that has left leaves nothing behind',
    amount: 8 * KIB,
    unit: 'pings, each in a chunk of its own',
    work: 'linear',
    memory: { limit: 32, held: 0.75 },
    steps: amount => [
      {
        options: { slice: 2 },
        expect: { ...SURVIVED, messages: 0 },
        serve: floodOf(frame(PING), amount),
      },
    ],
  },
  {
    name: 'a flood of pongs that nobody asked for',
    source: 'RFC 6455 section 5.5.3',
    bound: 'compared with the pings that the user has sent, and forgotten',
    amount: 16 * KIB,
    unit: 'pongs of 127 bytes, with 8 pings unanswered',
    work: 'linear',
    memory: { limit: 24, held: 1 },
    steps: amount => [
      {
        options: { pingsOnOpen: 8 },
        expect: { ...SURVIVED, messages: 0 },
        serve: floodOf(frame(PONG, 'x'.repeat(125)), amount),
      },
    ],
  },
]
