import type { RawPeer } from '../../support/raw-server.ts'
import { CLOSE, closeBody, frame, TEXT } from '../../support/raw-server.ts'
import { type Attack, type ClientClose, conclude, dropped, flood, type Step } from '../attack.ts'

/** The code of the client's Close frame, without an answer. */
async function readClose(peer: RawPeer): Promise<ClientClose> {
  for (;;) {
    const { opcode, payload } = await peer.readFrame()
    if (opcode === CLOSE) return payload.length < 2 ? 1005 : (payload[0]! << 8) | payload[1]!
  }
}

const soon = { closeTimeout: 150 }
const times = (amount: number, step: Step): Step[] => Array.from({ length: amount }, () => step)
const block = frame(TEXT, 'x'.repeat(64 * 1024 - 4))

/** Sends until the connection is gone, but not for ever should the client not drop it. */
async function sendForEver(peer: RawPeer): Promise<void> {
  if (await flood(peer, block, 16 * 1024)) throw new Error('The client has taken 1 GiB')
  await dropped(peer)
}

export const closingAttacks: readonly Attack[] = [
  {
    name: 'a server that never closes TCP after the closing handshake',
    source: 'RFC 6455 section 7.1.1',
    bound: 'closeTimeout (here 150 ms), then the client drops the connection',
    amount: 1,
    unit: 'times, whoever closes',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount => [
      ...times(amount, {
        options: { ...soon, closeOnOpen: true },
        expect: { close: 1000, wire: 1000 },
        async serve(peer) {
          await peer.accept()
          const code = await readClose(peer)
          await peer.send(CLOSE, closeBody(1000))
          await dropped(peer)
          return code
        },
      }),
      ...times(amount, {
        options: soon,
        expect: { close: 3000, wire: 3000 },
        async serve(peer) {
          await peer.accept()
          await peer.send(CLOSE, closeBody(3000))
          const code = await readClose(peer)
          await dropped(peer)
          return code
        },
      }),
    ],
  },
  {
    name: 'a server that never answers the Close frame',
    source: 'RFC 6455 section 7.1.2',
    bound: 'closeTimeout (here 150 ms), then 1006',
    amount: 1,
    unit: 'times',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount =>
      times(amount, {
        options: { ...soon, closeOnOpen: true },
        expect: { close: 1006, failure: 'WS_ERR_CLOSE_TIMEOUT', wire: 1000, messages: 0 },
        async serve(peer) {
          await peer.accept()
          const code = await readClose(peer)
          await dropped(peer)
          return code
        },
      }),
  },
  {
    name: 'a server that sends for ever after our Close frame',
    source: 'RFC 6455 section 7.1.2',
    bound: 'messages are dropped unseen; closeTimeout (here 150 ms), then 1006',
    // As much as it can send in that time, which is not the same each time.
    amount: 3,
    unit: 'times',
    work: 'linear',
    memory: { limit: 32 },
    steps: amount =>
      times(amount, {
        options: { ...soon, closeOnOpen: true },
        expect: { close: 1006, failure: 'WS_ERR_CLOSE_TIMEOUT', wire: 1000, messages: 0 },
        async serve(peer) {
          await peer.accept()
          const code = await readClose(peer)
          await sendForEver(peer)
          return code
        },
      }),
  },
  {
    name: 'a server that sends for ever after we have failed it',
    source: 'RFC 6455 section 7.1.7',
    bound: 'nothing is parsed; after 1 MiB the connection is dropped',
    amount: 4,
    unit: 'times',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount =>
      times(amount, {
        expect: { close: 1006, failure: 'WS_ERR_MASKED_FRAME', wire: 1002, messages: 0 },
        async serve(peer) {
          await peer.accept()
          await peer.send(TEXT, 'abcd', { mask: Uint8Array.of(1, 2, 3, 4) })
          const code = await readClose(peer)
          await sendForEver(peer)
          return code
        },
      }),
  },
  {
    name: 'a server that ends TCP in the middle',
    source: 'RFC 6455 section 7.1.5',
    bound: 'failed at once, whatever was begun',
    amount: 8,
    unit: 'times each place',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount =>
      [
        Buffer.alloc(0),
        frame(TEXT, 'x').subarray(0, 1),
        frame(TEXT, 'abc').subarray(0, 3),
        frame(TEXT, 'abc', { fin: false }),
        frame(CLOSE, closeBody(1000)).subarray(0, 3),
      ].flatMap(bytes =>
        times(amount, {
          expect: { close: 1006, failure: 'WS_ERR_CONNECTION_LOST', wire: 'nothing', messages: 0 },
          async serve(peer) {
            await peer.write(Buffer.concat([peer.acceptance(), bytes]))
            peer.end()
            return conclude(peer)
          },
        }),
      ),
  },
]
