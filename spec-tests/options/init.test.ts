import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { configured, terminate, WebSocket, type WebSocketInit, WebSocketStream } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, withProperty } from '../support/expect.ts'
import { useLoopback } from '../support/ws-server.ts'

// The argument types do not allow what these tests give.
const Untyped = WebSocket as unknown as new (...args: unknown[]) => WebSocket

/**
 * The union (DOMString or sequence<DOMString> or WebSocketInit) of whatwg/websockets pull request 76, as Web IDL converts it:
 * https://webidl.spec.whatwg.org/#js-union and #js-dictionary.
 */
describe('WebSocketInit, the second argument that the standard is getting', () => {
  const loopback = useLoopback()

  /** The Sec-WebSocket-Protocol field for these arguments; the server takes the first. */
  async function requested(Class: unknown, ...args: unknown[]): Promise<string | undefined> {
    const server = await loopback.serve()
    const socket = loopback.track(new (Class as typeof Untyped)(server.url, ...args))
    const { request } = await server.accept()
    const field = request.headers['sec-websocket-protocol']
    await new Promise(resolve => socket.addEventListener('open', resolve))
    expect(socket.protocol).to.equal(field?.split(', ')[0] ?? '')
    return field
  }

  const classes = { WebSocket, 'a class of configured()': configured({ binaryType: 'arraybuffer' }) }
  for (const [name, Class] of Object.entries(classes)) {
    describe(name, () => {
      it('takes undefined and null for an empty dictionary', async () => {
        expect(await requested(Class, undefined)).to.equal(undefined)
        expect(await requested(Class, null)).to.equal(undefined)
        expect(await requested(Class, {})).to.equal(undefined)
        expect(await requested(Class, { protocols: undefined })).to.equal(undefined)
      })

      it('takes both members', async () => {
        expect(await requested(Class, { protocols: ['b', 'a'], targetAddressSpace: 'loopback' })).to.equal('b, a')
        expect(await requested(Class, { protocols: 'chat', targetAddressSpace: 'public' })).to.equal('chat')
        expect(await requested(Class, { targetAddressSpace: 'local' } satisfies WebSocketInit)).to.equal(undefined)
      })

      it('takes inherited members, and getters, each once', async () => {
        const seen: string[] = []
        class Init {
          get protocols(): string[] {
            seen.push('protocols')
            return ['chat']
          }
          get targetAddressSpace(): string {
            seen.push('targetAddressSpace')
            return 'loopback'
          }
        }
        class More extends Init {}
        expect(await requested(Class, new More())).to.equal('chat')
        // In lexicographical order.
        expect(seen).to.deep.equal(['protocols', 'targetAddressSpace'])
        expect(await requested(Class, Object.create({ protocols: ['chat'] }))).to.equal('chat')
        expect(await requested(Class, Object.create(Object.create(null, { protocols: { value: 'a' } })))).to.equal('a')
        expect(await requested(Class, Object.defineProperty({}, 'protocols', { value: 'hidden' }))).to.equal('hidden')
        expect(await requested(Class, Object.create({ protocols: 'a' }, { protocols: { value: 'b' } }))).to.equal('b')
      })

      it('takes functions, platform objects, and objects of other realms', async () => {
        expect(await requested(Class, () => {})).to.equal(undefined)
        expect(
          await requested(
            Class,
            Object.assign(() => {}, { protocols: 'chat' }),
          ),
        ).to.equal('chat')
        expect(await requested(Class, new URL('ws://host.test/'))).to.equal(undefined)
        expect(await requested(Class, new Date())).to.equal(undefined)
        expect(await requested(Class, runInNewContext('({ protocols: ["chat"] })'))).to.equal('chat')
        expect(await requested(Class, runInNewContext('Object.create({ protocols: ["chat"] })'))).to.equal('chat')
        expect(await requested(Class, new Proxy({ protocols: ['chat'] }, {}))).to.equal('chat')
      })

      it('takes what is iterable for a list, and what is no object for one subprotocol', async () => {
        expect(await requested(Class, Object.assign(['chat'], { protocols: 'other' }))).to.equal('chat')
        expect(await requested(Class, new String('ab'))).to.equal('a, b')
        expect(await requested(Class, true)).to.equal('true')
        expect(await requested(Class, 7n)).to.equal('7')
      })

      it('does not take what Object.prototype has, which nobody gave', async () => {
        for (const [key, value] of [
          ['protocols', 'polluted'],
          ['targetAddressSpace', 'nonsense'],
        ] as const) {
          await withProperty(Object.prototype, key, value, async () => {
            expect(await requested(Class, { headers: {} })).to.equal(undefined)
            expect(await requested(Class, Object.create({}))).to.equal(undefined)
          })
        }
        const polluted = runInNewContext('Object.prototype.protocols = "polluted"; ({ headers: undefined })')
        expect(await requested(Class, polluted)).to.equal(undefined)
      })

      it('refuses an address space that there is not, as an enumeration does', () => {
        for (const space of ['private', 'unknown', '', 'LOCAL', null, 5]) {
          const error = expectTypeError(
            () => new (Class as typeof Untyped)('ws://host.test/', { targetAddressSpace: space }),
          )
          expect(error.message).to.equal(
            'The WebSocket option "targetAddressSpace" must be "public", "local" or "loopback"',
          )
        }
        expectTypeError(() => new (Class as typeof Untyped)('ws://host.test/', { targetAddressSpace: Symbol('local') }))
      })

      it('still refuses any other name, and takes no inherited member of ours', async () => {
        expectTypeError(() => new (Class as typeof Untyped)('ws://host.test/', { protocol: 'chat' }))
        expectTypeError(() => new (Class as typeof Untyped)('ws://host.test/', { targetaddressspace: 'local' }))
        expectDOMException(() => new (Class as typeof Untyped)('ws://host.test/', { protocols: '' }), 'SyntaxError')
        const server = await loopback.serve()
        loopback.track(new (Class as typeof Untyped)(server.url, Object.create({ origin: 'https://inherited.test' })))
        expect((await server.accept()).request.headers).not.to.have.property('origin')
      })
    })
  }

  it('has a constructor whose length is 1', () => {
    expect(WebSocket.length).to.equal(1)
    expect(configured({}).length).to.equal(1)
  })

  it('has inherited members in the defaults of configured(), too', async () => {
    expect(await requested(configured(Object.create({ protocols: ['chat'] })))).to.equal('chat')
  })

  it('is what the dictionary of a WebSocketStream is: inherited members count', async () => {
    const server = await loopback.serve()
    const controller = new AbortController()
    const open = (): WebSocketStream => {
      const members = { protocols: ['chat'], signal: controller.signal, targetAddressSpace: 'loopback' }
      const stream = new WebSocketStream(server.url, Object.create(members))
      loopback.afterwards(() => terminate(stream))
      stream.closed.catch(() => {})
      return stream
    }
    expect((await open().opened).protocol).to.equal('chat')
    controller.abort('enough')
    expect(await open().opened.catch((reason: unknown) => reason)).to.equal('enough')
  })
})
