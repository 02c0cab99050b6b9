import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { nodePlatform } from '#lib/platform/node.js'
import { upgradeOver } from '#lib/transport/http1.js'
import type { Pipe } from '#lib/transport/pipe.js'
import { FrameRecorder, NO_LIMITS } from '../support/frame-recorder.ts'
import { BINARY, frame, TEXT } from '../support/raw-server.ts'
import { ScriptedPipe } from '../support/scripted-pipe.ts'

describe('Small messages that come in one chunk', () => {
  it('are cut out right, wherever they begin and end', () => {
    for (let length = 0; length <= 300; length++) {
      const texts = Array.from({ length: 40 }, (_, index) => String.fromCharCode(65 + (index % 26)).repeat(length))
      const given: string[] = []
      const handler = Object.assign(new FrameRecorder(), {
        takesBatches: true,
        // What is too short for its header to be seen at once comes by itself.
        onText: (text: string) => void given.push(text),
        onBatch: (batch: { left: number; next(): string | ArrayBuffer }) => {
          while (batch.left > 0) given.push(batch.next() as string)
        },
      })
      new FrameReader(nodePlatform, handler, NO_LIMITS).read(Buffer.concat(texts.map(text => frame(TEXT, text))))
      expect(given, `${length} bytes`).to.deep.equal(texts)
    }
  })

  it('do not come as a batch to a handler that takes none', () => {
    const handler = new FrameRecorder()
    new FrameReader(nodePlatform, handler, NO_LIMITS).read(
      Buffer.concat(Array.from({ length: 5 }, () => frame(BINARY, 'x'))),
    )
    expect(handler.events).to.deep.equal(Array.from({ length: 5 }, () => 'binary 78'))
  })

  it('may be read to where the sink wants them, through the handshake too', () => {
    const pipe = new ScriptedPipe()
    const room = new Uint8Array(10)
    const sink = { data() {}, drain() {}, end() {}, close() {}, room: () => room }
    const handler = {
      upgraded: (_head: unknown, upgraded: Pipe) => upgraded.start(sink),
      refused: () => expect.fail('refused'),
      failed: (error: unknown) => expect.fail(String(error)),
    }
    upgradeOver(pipe)({ target: '/', headers: [] }, handler)
    expect(pipe.sink.room?.()).to.equal(undefined)
    pipe.receive(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    expect(pipe.sink.room?.()).to.equal(room)
  })
})
