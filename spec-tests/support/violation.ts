import { expect } from 'chai'
import { failure, type WebSocket } from '#lib/entry/node.js'
import { CLOSE, type RawPeer } from './raw-server.ts'
import { next, record } from './ws-server.ts'

/**
 * Sends bytes that break the protocol over a real connection and expects what RFC 6455 section 7.1.7 wants: a Close frame
 * with that code, then our end of TCP; and for the user `error` and `close` with 1006.
 */
export async function expectFailure(
  { socket, peer }: { socket: WebSocket; peer: RawPeer },
  bytes: Uint8Array,
  closeCode: number,
  code: string,
): Promise<void> {
  const events = record(socket)
  const closed = next(socket, 'close')
  await peer.write(bytes)
  const answer = await peer.readFrame()
  expect(answer).to.include({ opcode: CLOSE, fin: true, rsv: 0, masked: true })
  expect([...answer.payload.subarray(0, 2)]).to.deep.equal([closeCode >> 8, closeCode & 0xff])
  await closed
  expect(events).to.deep.equal(['error', 'close 1006 unclean'])
  expect(failure(socket)).to.include({ name: 'ConnectionError', code, closeCode })
  expect(socket.readyState).to.equal(socket.CLOSED)
  await peer.ended
  peer.end()
  await peer.closed
}
