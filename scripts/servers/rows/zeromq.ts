import { bytes, equal, equalBytes, open, type Session, type Target } from '../checks.ts'
import { requirePackage } from '../install.ts'
import type { Row } from '../row.ts'

/** The WebSocket transport of ZeroMQ, version 2.0. */
const PROTOCOL = 'ZWS2.0'
const BURST = 200

/** The first byte of a frame: whether another one of the same message follows. */
const LAST = 0
const MORE = 1

interface Dealer {
  readonly session: Session
  send(request: Uint8Array): void
  reply(): Promise<Uint8Array>
}

/** A ZeroMQ socket of the type DEALER: its messages to a socket of the type REPLY begin with an empty frame. */
async function dealer(target: Target): Promise<Dealer> {
  const session = await open(target, { protocols: [PROTOCOL], closeTimeout: 100 })
  const arrived: Buffer[] = []
  let wake = (): void => {}
  session.socket.addEventListener('message', ({ data }) => {
    arrived.push(Buffer.from(data as ArrayBuffer))
    wake()
  })
  const frame = async (expected: number): Promise<Buffer> => {
    while (arrived.length === 0) await new Promise<void>(resolve => (wake = resolve))
    const [flags, ...rest] = arrived.shift()!
    equal(flags, expected)
    return Buffer.from(rest)
  }
  // Each side begins with its routing id.
  session.socket.send(Uint8Array.of(LAST))
  await frame(LAST)
  return {
    session,
    send(request) {
      session.socket.send(Uint8Array.of(MORE))
      session.socket.send(Buffer.concat([Uint8Array.of(LAST), request]))
    },
    async reply() {
      equal((await frame(MORE)).length, 0)
      return await frame(LAST)
    },
  }
}

async function roundTrip(target: Target, sizes: readonly number[]): Promise<void> {
  const { session, send, reply } = await dealer(target)
  for (const size of sizes) {
    send(bytes(size))
    equalBytes(toArrayBuffer(await reply()), bytes(size))
  }
  await session.close()
}

const toArrayBuffer = (content: Uint8Array): ArrayBuffer => Uint8Array.from(content).buffer

export const row: Row = {
  name: 'ZeroMQ (libzmq)',
  npm: ['zeromq'],
  async serve({ port }) {
    const { Reply } = requirePackage('zeromq')
    const socket = new Reply()
    await socket.bind(`ws://127.0.0.1:${port}/echo`)
    for await (const request of socket) await socket.send(request)
  },
  answersClose: false,
  lacks: {
    text: 'its messages are binary',
    fragments: 'it sends none',
    compression: 'it has no extensions',
    close: 'it sends no Close frames',
    refusal: 'it closes without an answer',
    redirect: 'it redirects nothing',
    wss: 'the package from npm is built without TLS',
  },
  checks: {
    async binary(target) {
      await roundTrip(target, [1, 126, 70_000])
      return 'ZWS 2.0: requests and their replies; it does not answer a Close frame, which is code 1006 after `closeTimeout`'
    },
    async subprotocol(target) {
      const { session } = await dealer(target)
      equal(session.socket.protocol, PROTOCOL)
      await session.close()
      return undefined
    },
    async large(target) {
      await roundTrip(target, [1 << 20])
      return undefined
    },
    async burst(target) {
      const { session, send, reply } = await dealer(target)
      for (let index = 0; index < BURST; index++) send(bytes(index))
      for (let index = 0; index < BURST; index++) equalBytes(toArrayBuffer(await reply()), bytes(index))
      for (let index = 0; index < BURST; index++) send(bytes(index))
      await session.close()
      return undefined
    },
    async drop(target) {
      const { session } = await dealer(target)
      await target.kill()
      const { code, wasClean } = await session.closed
      equal(`${code} ${wasClean}`, '1006 false')
      return undefined
    },
  },
}
