import { expect } from 'chai'
import { CloseEvent, MessageEvent, type WebSocket } from '#lib/entry/node.js'
import { withProperty } from '../support/expect.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** https://dom.spec.whatwg.org/#concept-event-fire, which sets `isTrusted`, and what else a user may do with events. */
describe('DOM events of a WebSocket', () => {
  const loopback = useLoopback()

  function recordTrust(socket: WebSocket): unknown[] {
    const seen: unknown[] = []
    for (const type of ['open', 'message', 'error', 'close'] as const) {
      socket.addEventListener(type, event => {
        seen.push(`${type} ${event.isTrusted}`)
        // As in browsers, nothing else is a property of the event itself.
        expect(Object.keys(event).filter(key => key !== 'isTrusted')).to.deep.equal([])
      })
    }
    return seen
  }

  it('are trusted: open, message, error and close', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    const seen = recordTrust(socket)
    const peer = await server.accept()
    await peer.accept()
    await next(socket, 'open')
    // One alone, and several that come together.
    await peer.send(TEXT, 'alone')
    await next(socket, 'message')
    await peer.write(Buffer.concat(Array.from({ length: 5 }, () => frame(TEXT, 'together'))))
    await next(socket, 'message')
    peer.destroy()
    await next(socket, 'close')
    expect(seen).to.deep.equal(['open true', ...Array(6).fill('message true'), 'error true', 'close true'])
  })

  it('are not trusted if they are made or initialized by a user', async () => {
    const { socket, peer } = await loopback.pair()
    expect(new MessageEvent('message').isTrusted).to.equal(false)
    expect(new MessageEvent('message', {}).isTrusted).to.equal(false)
    expect(new CloseEvent('close').isTrusted).to.equal(false)
    peer.socket.send('hello')
    const event = await next(socket, 'message')
    expect(event.isTrusted).to.equal(true)
    event.initMessageEvent('message')
    expect(event.isTrusted).to.equal(false)
  })

  it('can be initialized where the host has no initEvent, and are dispatched as what they became', async () => {
    await withProperty(Event.prototype, 'initEvent', undefined, () => {
      const event = new MessageEvent('before', { data: 1 })
      event.initMessageEvent('after', true, true, 'data', 'origin', 'id')
      expect(event).to.include({ type: 'after', bubbles: true, cancelable: true, data: 'data', origin: 'origin' })
      expect(event.defaultPrevented).to.equal(false)
      const target = new EventTarget()
      const seen: string[] = []
      target.addEventListener('before', () => seen.push('before'))
      target.addEventListener('after', given => {
        seen.push('after')
        given.preventDefault()
        expect(given.defaultPrevented).to.equal(true)
        event.initMessageEvent('dispatched')
        expect(event.type).to.equal('after')
      })
      target.dispatchEvent(event)
      expect(seen).to.deep.equal(['after'])

      event.initMessageEvent('again')
      expect(event).to.include({
        type: 'again',
        bubbles: false,
        cancelable: false,
        defaultPrevented: false,
        data: null,
      })
      event.preventDefault()
      expect(event.defaultPrevented).to.equal(false)
      event.initMessageEvent('again', false, true)
      event.preventDefault()
      expect(event.defaultPrevented).to.equal(true)
    })
  })
})
