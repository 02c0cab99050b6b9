import process from 'node:process'
import { expect } from 'chai'
import { runModule } from '../support/child.ts'
import { bundledEntry } from '../support/root.ts'

/*
 * Opens sockets over a transport in memory, and prints by how many bytes each the heap shrinks in a major collection of V8 when two
 * minor ones have gone before it: what those have kept of an opening that is over.
 */
const PROGRAM = `
  import { createHash } from 'node:crypto'
  import { WebSocket } from '${bundledEntry}'
  const OPENED = 300
  const sockets = []

  function answer(request) {
    const key = /sec-websocket-key: (.*)\\r/i.exec(request)[1]
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
    return 'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
      'Sec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n'
  }

  const connect = () => {
    let sink
    return {
      start(given) { sink = given },
      write(bytes) {
        const response = Buffer.from(answer(Buffer.from(bytes).toString('latin1')))
        setImmediate(() => sink.data(response))
        return true
      },
      end() {}, abort() {}, pause() {}, resume() {},
    }
  }

  async function open(count) {
    for (; count > 0; count--) {
      const socket = new WebSocket('ws://memory.test', { connect })
      await new Promise(resolve => { socket.onopen = resolve })
      socket.onopen = null
      sockets.push(socket)
    }
  }

  const used = () => process.memoryUsage().heapUsed
  const turn = () => new Promise(resolve => setImmediate(resolve))
  await open(1000)
  const kept = []
  for (let round = 0; round < 5; round++) {
    gc()
    await open(OPENED)
    await turn()
    gc({ type: 'minor' })
    gc({ type: 'minor' })
    const before = used()
    gc()
    kept.push((before - used()) / OPENED)
  }
  console.log(kept.sort((one, other) => one - other)[2])
  process.exit()
`

describe('Collections of the heap', function () {
  this.timeout(60_000)

  // What minor collections keep is promoted, and its pages stay when it is gone. It is 3 KB more where a function that is made in the
  // middle of the opening holds the way to the server. On Node.js 20 the AbortController of the host is kept as well.
  it('keep little of an opening handshake that is over, also if they are minor', async () => {
    const { lines, errors } = await runModule(PROGRAM, [], ['--expose-gc'])
    expect(errors).to.equal('')
    const isOld = Number.parseInt(process.versions.node, 10) < 22
    expect(Number(lines[0])).to.be.within(-500, isOld ? 3000 : 1500)
  })
})
