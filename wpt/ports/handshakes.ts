import { type Port, resources } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughAttributes } from './support/events.ts'
import {
  type Act,
  everyVariant,
  long,
  overHttp1,
  plainOnly,
  type Stage,
  windowOnly,
  workerOnly,
} from './support/stage.ts'

/** Asks the server to close. Expects one clean close event, and no message before it. */
function closedByServer(path: string): Act {
  return async stage => {
    const socket = stage.socket(path)
    const event = await throughAttributes(socket, { open: () => socket.send('Goodbye') }, { quiet: true })
    assert.isTrue(event.wasClean)
  }
}

/** Milliseconds of silence, as many as in upstream's test. */
const silenceMilliseconds = 20_000

/** Opens a socket, leaves it idle, and expects it to work afterwards. */
async function survivesSilence(stage: Stage): Promise<void> {
  const socket = stage.socket('/echo')
  await throughAttributes(
    socket,
    {
      open: () => {
        setTimeout(() => socket.send('test'), silenceMilliseconds)
      },
      message: ({ data }) => {
        assert.equal(data, 'test')
        socket.close()
      },
    },
    { quiet: true },
  )
}

/** Expects the server to report the origin of `location` as Origin header, and closes. Returns the origin of the message event. */
async function sendsOrigin(stage: Stage, url: string): Promise<string> {
  const socket = stage.construct(url)
  let origin = ''
  const event = await throughAttributes(
    socket,
    {
      message: message => {
        origin = message.origin
        assert.equal(message.data, new URL(stage.t.location).origin)
        socket.close()
      },
    },
    { allow: ['open'], quiet: true },
  )
  assert.isTrue(event.wasClean)
  return origin
}

const closing: Port[] = [
  windowOnly('closing-handshake/002.html', everyVariant, { 'the server closes': closedByServer('/echo_exit') }),
  windowOnly('closing-handshake/003.html', everyVariant, {
    'the client closes': async stage => {
      const socket = stage.socket('/echo')
      const event = await throughAttributes(socket, { open: () => socket.close() }, { quiet: true })
      assert.equal(event.code, 1005)
      assert.isTrue(event.wasClean)
    },
  }),
  windowOnly('closing-handshake/004.html', everyVariant, {
    'no message comes out of a closed connection': closedByServer('/echo_close_data'),
  }),
]

const opening: Port[] = [
  windowOnly('opening-handshake/001.html', everyVariant, {
    'an answer that is not HTTP is not clean': async stage => {
      const event = await throughAttributes(stage.socket('/invalid'), {}, { allow: ['error'], quiet: true })
      assert.isFalse(event.wasClean)
    },
  }),
  long(
    windowOnly('opening-handshake/002.html', everyVariant, {
      'a valid answer opens': async stage => {
        const socket = stage.socket('/echo')
        const event = await throughAttributes(socket, { open: () => socket.close() }, { quiet: true })
        assert.isTrue(event.wasClean)
      },
    }),
  ),
  workerOnly('opening-handshake/003-sets-origin.worker.js', plainOnly, {
    'Origin is the origin of the worker': async stage => {
      await sendsOrigin(stage, stage.url('/origin'))
    },
  }),
  long(
    windowOnly('opening-handshake/003.html', overHttp1, {
      'Origin is the origin of the document; the origin of a message that of the URL, in ASCII': async stage => {
        const { protocol, host } = new URL(stage.url('/'))
        const url = stage.url('/origin', { subdomain: '\u5929\u6C17\u306E\u826F\u3044\u65E5' })
        assert.equal(await sendsOrigin(stage, url), `${protocol}//xn--n8j6ds53lwwkrqhv28a.${host}`)
      },
    }),
  ),
  windowOnly('opening-handshake/005.html', overHttp1, {
    'a close frame right behind the head of the answer': async stage => {
      const socket = stage.socket('/simple_handshake')
      const event = await throughAttributes(socket, { open: () => socket.close() }, { quiet: true })
      assert.isTrue(event.wasClean)
      assert.equal(event.code, 1001)
      assert.equal(event.reason, 'PASS')
    },
  }),
  long(
    windowOnly('opening-handshake/006.html', overHttp1, {
      'connections after failed ones work': async stage => {
        for (const path of ['/invalid1', '/invalid2', '/invalid3']) {
          const event = await throughAttributes(stage.socket(path), { error: () => {} })
          assert.isFalse(event.wasClean, path)
        }
        const socket = stage.socket('/echo')
        const event = await throughAttributes(socket, { open: () => socket.close() })
        assert.isTrue(event.wasClean)
      },
    }),
  ),
  windowOnly('opening-handshake/received-301-code.html', plainOnly, {
    'a redirect fails the connection': async stage => {
      await throughAttributes(stage.construct(stage.t.httpBase + resources.redirect), {}, { until: 'error' })
    },
  }),
]

export const ports: Port[] = [
  ...closing,
  ...opening,
  long(windowOnly('keeping-connection-open/001.html', everyVariant, { '20 seconds of silence': survivesSilence })),
  windowOnly('security/001.html', overHttp1, {
    'a wrong Sec-WebSocket-Accept fails the connection': async stage => {
      await throughAttributes(stage.socket('/wrong_accept_key'), {}, { allow: ['error'] })
    },
  }),
]
