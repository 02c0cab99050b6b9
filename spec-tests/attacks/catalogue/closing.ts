import type { RawPeer } from '../../support/raw-server.ts'
import { CLOSE, closeBody, frame, TEXT } from '../../support/raw-server.ts'
import {
  type Attack,
  type ClientClose,
  conclude,
  dropped,
  flood,
  lost,
  readClose,
  refused,
  type Step,
  times,
} from '../attack.ts'

const soon = { closeTimeout: 150 }
const block = frame(TEXT, 'x'.repeat(16 * 1024 - 4))

/** Sends until the connection is gone, but not for ever should the client not drop it. */
async function sendForEver(peer: RawPeer): Promise<void> {
  if (await flood(peer, block, 64 * 1024)) throw new Error('The client has taken 1 GiB')
  await dropped(peer)
}

/**
 * The server's side of a connection that the client closes, or fails.
 *
 * @param goOn what it does once it has read the client's Close frame
 * @param begin what it does before
 */
function afterClose(goOn: (peer: RawPeer) => Promise<void>, begin: (peer: RawPeer) => unknown = () => {}) {
  return async (peer: RawPeer): Promise<ClientClose> => {
    await peer.accept()
    await begin(peer)
    const { code } = await readClose(peer)
    await goOn(peer)
    return code
  }
}

/** The client closes, and gets no Close frame in answer. */
function neverAnswered(goOn: (peer: RawPeer) => Promise<void>): Step {
  return {
    options: { ...soon, closeOnOpen: true },
    expect: { close: 1006, failure: 'WS_ERR_CLOSE_TIMEOUT', wire: 1000, messages: 0 },
    serve: afterClose(goOn),
  }
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
      ...times(amount, [
        {
          options: { ...soon, closeOnOpen: true },
          expect: { close: 1000, wire: 1000 },
          serve: afterClose(async peer => {
            await peer.send(CLOSE, closeBody(1000))
            await dropped(peer)
          }),
        },
      ]),
      ...times(amount, [
        {
          options: soon,
          expect: { close: 3000, wire: 3000 },
          serve: afterClose(dropped, peer => peer.send(CLOSE, closeBody(3000))),
        },
      ]),
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
    steps: amount => times(amount, [neverAnswered(dropped)]),
  },
  {
    name: 'a server that sends for ever after our Close frame',
    source: 'RFC 6455 section 7.1.2',
    bound: 'messages are dropped unseen; closeTimeout (here 150 ms), then 1006',
    // As much as it can send in that time, which is not the same each time.
    amount: 1,
    unit: 'times',
    work: 'linear',
    memory: { limit: 32 },
    steps: amount => times(amount, [neverAnswered(sendForEver)]),
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
      times(amount, [
        {
          expect: refused(1002, 'WS_ERR_MASKED_FRAME'),
          serve: afterClose(sendForEver, peer => peer.send(TEXT, 'abcd', { mask: Uint8Array.of(1, 2, 3, 4) })),
        },
      ]),
  },
  {
    name: 'a server that ends TCP in the middle',
    source: 'RFC 6455 section 7.1.5',
    bound: 'failed at once, whatever was begun',
    amount: 2,
    unit: 'times each place',
    work: 'linear',
    memory: { limit: 16 },
    steps: amount =>
      times(
        amount,
        [
          Buffer.alloc(0),
          frame(TEXT, 'x').subarray(0, 1),
          frame(TEXT, 'abc').subarray(0, 3),
          frame(TEXT, 'abc', { fin: false }),
          frame(CLOSE, closeBody(1000)).subarray(0, 3),
        ].map(bytes => ({
          expect: lost,
          async serve(peer) {
            await peer.write(Buffer.concat([peer.acceptance(), bytes]))
            peer.end()
            return conclude(peer)
          },
        })),
      ),
  },
]
