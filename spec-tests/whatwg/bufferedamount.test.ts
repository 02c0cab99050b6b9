import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { drained, ping, terminate } from '#lib/entry/node.js'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount */
describe('WHATWG WebSocket bufferedAmount', () => {
  const loopback = useLoopback()

  it('counts application bytes alone, of UTF-8 for text', async () => {
    const { socket } = await loopback.pair()
    const steps: [string | Blob | Uint8Array | ArrayBuffer, number][] = [
      ['hello', 5],
      ['', 5],
      ['é€😀', 14],
      ['\ud800', 17],
      [new ArrayBuffer(100), 117],
      [new Uint16Array(10) as unknown as Uint8Array, 137],
      [new Blob(['12345']), 142],
      ['é behind a Blob', 158],
      [new Uint8Array(10), 168],
      ['x'.repeat(100_000), 100_168],
    ]
    for (const [data, expected] of steps) {
      socket.send(data)
      expect(socket.bufferedAmount).to.equal(expected)
    }
    // A ping and a Close frame are no application's bytes.
    void ping(socket, 'payload')
    socket.close(1000, 'reason')
    expect(socket.bufferedAmount).to.equal(100_168)
  })

  it('does not fall within a script or its microtasks, and falls to 0 in a task', async () => {
    const { socket, peer } = await loopback.pair()
    await new Promise<void>((resolve, reject) => {
      const script = async (): Promise<void> => {
        socket.send('hello')
        for (let round = 0; round < 200; round++) {
          expect(socket.bufferedAmount).to.equal(5)
          await null
        }
        await new Promise<void>(tick => process.nextTick(tick))
        queueMicrotask(() => {
          try {
            expect(socket.bufferedAmount).to.equal(5)
            socket.send('!')
            expect(socket.bufferedAmount).to.equal(6)
            resolve()
          } catch (error) {
            reject(error)
          }
        })
      }
      // A task of its own, so that the turn is known to begin here.
      setTimeout(() => script().catch(reject), 0)
    })
    expect((await peer.message()).text).to.equal('hello')
    expect((await peer.message()).text).to.equal('!')
    await drained(socket)
    expect(socket.bufferedAmount).to.equal(0)
  })

  it('does not fall within the microtasks of a listener', async () => {
    const { socket, peer } = await loopback.pair()
    socket.send('before')
    const seen: number[] = []
    const done = new Promise<void>(resolve => {
      socket.onmessage = async () => {
        socket.send('answer')
        const first = socket.bufferedAmount
        for (let round = 0; round < 100; round++) {
          await null
          seen.push(socket.bufferedAmount - first)
        }
        resolve()
      }
    })
    peer.socket.send('question')
    await done
    expect(seen).to.deep.equal(Array(100).fill(0))
  })

  it('stays up while the peer does not read, and falls when it does', async () => {
    const { socket, peer } = await loopback.rawPair()
    peer.pause()
    const megabyte = new Uint8Array(1024 * 1024)
    // More than the buffers of the system hold.
    const count = 24
    for (let index = 0; index < count; index++) {
      socket.send(megabyte)
      await turn()
    }
    const stuck = socket.bufferedAmount
    expect(stuck).to.be.greaterThan(0)
    await turn()
    await turn()
    expect(socket.bufferedAmount).to.be.greaterThan(0)

    const amounts = [stuck]
    peer.resume()
    for (let index = 0; index < count; index++) {
      await peer.readFrame()
      amounts.push(socket.bufferedAmount)
    }
    await drained(socket)
    amounts.push(socket.bufferedAmount)
    expect(amounts.at(-1)).to.equal(0)
    expect(amounts).to.deep.equal(amounts.toSorted((one, other) => other - one))
    expect(new Set(amounts).size, 'falls in steps, not at once').to.be.greaterThan(2)
  })

  for (const [what, make] of [
    ['binary message', (size: number) => new Uint8Array(size)],
    ['text', (size: number) => 'x'.repeat(size)],
    ['text that is not ASCII', (size: number) => '€'.repeat(size / 3)],
    ['Blob', (size: number) => new Blob([new Uint8Array(size)])],
  ] as const) {
    for (const perMessageDeflate of [false, true]) {
      it(`falls while one large ${what} leaves, ${perMessageDeflate ? 'offered to be compressed' : 'as it is'}`, async () => {
        const { socket, peer } = await loopback.rawPair({ perMessageDeflate })
        peer.pause()
        // Between two looks some 5 MB leave, and more on a busy machine.
        const size = 48 * 1024 * 1024
        socket.send(make(size))
        expect(socket.bufferedAmount).to.equal(size)
        const seen = new Set<number>()
        const reading = peer.readFrame()
        let last = size
        while (last > 0) {
          peer.resume()
          await turn()
          peer.pause()
          const amount = socket.bufferedAmount
          expect(amount).to.be.at.most(last)
          last = amount
          seen.add(amount)
        }
        peer.resume()
        expect((await reading).payload.length).to.equal(size)
        expect(seen.size).to.be.above(4)
        await drained(socket)
      }).timeout(60_000)
    }
  }

  it('keeps what never left when the connection is lost, and grows from there', async () => {
    const { socket, peer } = await loopback.rawPair()
    peer.pause()
    for (let index = 0; index < 24; index++) socket.send(new Uint8Array(1024 * 1024))
    await turn()
    await turn()
    const stuck = socket.bufferedAmount
    expect(stuck).to.be.greaterThan(0)
    terminate(socket)
    expect(socket.bufferedAmount).to.equal(stuck)
    await next(socket, 'close')
    expect(socket.bufferedAmount).to.equal(stuck)
    await turn()
    socket.send('abc')
    expect(socket.bufferedAmount).to.equal(stuck + 3)
    await turn()
    await turn()
    expect(socket.bufferedAmount).to.equal(stuck + 3)
  })

  it('grows after a clean close, and never resets', async () => {
    const { socket } = await loopback.pair()
    socket.send('sent')
    await drained(socket)
    expect(socket.bufferedAmount).to.equal(0)
    socket.close()
    socket.send('1')
    await next(socket, 'close')
    expect(socket.bufferedAmount).to.equal(1)
    socket.send(new Blob(['234']))
    socket.send(new ArrayBuffer(6))
    expect(socket.bufferedAmount).to.equal(10)
    await turn()
    await turn()
    expect(socket.bufferedAmount).to.equal(10)
  })

  it('does not count what was sent before close() once it has left', async () => {
    const { socket, peer } = await loopback.pair()
    const events = record(socket)
    socket.send('hello')
    socket.close()
    socket.send('never')
    expect(socket.bufferedAmount).to.equal(10)
    await next(socket, 'close')
    expect(events).to.deep.equal(['close 1005 clean'])
    expect((await peer.message()).text).to.equal('hello')
    expect(socket.bufferedAmount).to.equal(5)
  })
})
