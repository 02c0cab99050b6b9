import { expect } from 'chai'
import type { WebSocket } from '#lib/entry/node.js'
import { next, useLoopback } from '../support/ws-server.ts'

/** https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes */
describe('WHATWG WebSocket event handler attributes', () => {
  const loopback = useLoopback()
  const attributes = ['onopen', 'onmessage', 'onerror', 'onclose'] as const

  /** A socket that never connects. */
  function idle(): WebSocket {
    return loopback.socket('ws://host.test/', { connect: () => new Promise(() => {}) })
  }

  /** Who is called for an event, in order. */
  function calls(dispatch: () => void): string[] {
    const before = called
    called = []
    try {
      dispatch()
      return called
    } finally {
      called = before
    }
  }
  let called: string[] = []
  const caller = (name: string) => (): void => void called.push(name)

  it('are null at first, and give back what was set', () => {
    const socket = idle()
    for (const attribute of attributes) {
      expect(socket[attribute]).to.equal(null)
      const handler = (): void => {}
      socket[attribute] = handler
      expect(socket[attribute]).to.equal(handler)
      socket[attribute] = null
      expect(socket[attribute]).to.equal(null)
    }
    const others = idle()
    socket.onopen = () => {}
    expect(others.onopen).to.equal(null)
    expect(socket.onmessage).to.equal(null)
  })

  it('become null for what is no object', () => {
    const socket = idle() as unknown as Record<string, unknown>
    for (const attribute of attributes) {
      for (const value of [undefined, null, 0, 1, '', 'alert()', true, false, 1n, Symbol('handler')]) {
        socket[attribute] = () => {}
        socket[attribute] = value
        expect(socket[attribute], String(value)).to.equal(null)
      }
    }
  })

  it('keep an object that is no function, which handles nothing', () => {
    const socket = idle()
    let handled = 0
    const object = {
      handleEvent(): void {
        handled++
      },
    }
    ;(socket as { onmessage: unknown }).onmessage = object
    expect(socket.onmessage).to.equal(object)
    socket.dispatchEvent(new Event('message'))
    expect(handled).to.equal(0)
    socket.addEventListener('message', object)
    socket.dispatchEvent(new Event('message'))
    expect(handled).to.equal(1)
  })

  it('are called with the socket as this, and the event', async () => {
    const server = await loopback.serve()
    const socket = loopback.socket(server.url)
    const seen: [string, unknown, unknown][] = []
    for (const attribute of attributes) {
      socket[attribute] = function (this: unknown, ...args: unknown[]) {
        const event = args[0] as Event
        expect(args).to.have.lengthOf(1)
        seen.push([event.type, this, event.currentTarget])
      }
    }
    const peer = await server.accept()
    peer.socket.send('text')
    await next(socket, 'message')
    peer.socket.terminate()
    await next(socket, 'close')
    expect(seen).to.deep.equal(['open', 'message', 'error', 'close'].map(type => [type, socket, socket]))
  })

  it('are called for events that somebody dispatches, each for its own type', () => {
    const socket = idle()
    for (const attribute of attributes) socket[attribute] = caller(attribute)
    for (const attribute of attributes) {
      const dispatch = (): unknown => socket.dispatchEvent(new Event(attribute.slice(2)))
      expect(calls(dispatch)).to.deep.equal([attribute])
    }
  })

  it('have their place among the listeners from when they were first set', () => {
    const socket = idle()
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    socket.addEventListener('message', caller('a'))
    socket.onmessage = caller('first')
    socket.addEventListener('message', caller('b'))
    expect(calls(dispatch)).to.deep.equal(['a', 'first', 'b'])
    socket.onmessage = caller('second')
    expect(calls(dispatch)).to.deep.equal(['a', 'second', 'b'])
    ;(socket as { onmessage: unknown }).onmessage = {}
    expect(calls(dispatch)).to.deep.equal(['a', 'b'])
    socket.onmessage = caller('third')
    expect(calls(dispatch)).to.deep.equal(['a', 'third', 'b'])
  })

  it('have a new place once they were null', () => {
    const socket = idle()
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    socket.onmessage = caller('first')
    socket.addEventListener('message', caller('a'))
    socket.onmessage = null
    expect(calls(dispatch)).to.deep.equal(['a'])
    socket.onmessage = caller('second')
    expect(calls(dispatch)).to.deep.equal(['a', 'second'])
  })

  it('do not take part if they were never a function, and do from when they are', () => {
    const socket = idle()
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    ;(socket as { onmessage: unknown }).onmessage = 'not one'
    socket.addEventListener('message', caller('a'))
    socket.onmessage = caller('handler')
    expect(calls(dispatch)).to.deep.equal(['a', 'handler'])
  })

  it('are other than listeners, the same function too', () => {
    const socket = idle()
    const both = caller('both')
    socket.addEventListener('message', both)
    socket.onmessage = both
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    expect(calls(dispatch)).to.deep.equal(['both', 'both'])
    socket.removeEventListener('message', both)
    expect(calls(dispatch)).to.deep.equal(['both'])
    expect(socket.onmessage).to.equal(both)
  })

  it('are looked up when it is their turn', () => {
    const socket = idle()
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    socket.addEventListener('message', () => {
      socket.onmessage = caller('replaced')
    })
    socket.onmessage = caller('first')
    expect(calls(dispatch)).to.deep.equal(['replaced'])
    socket.addEventListener('message', () => {
      socket.onmessage = null
    })
    expect(calls(dispatch)).to.deep.equal(['replaced'])
    expect(calls(dispatch), 'null from the second time on, then set again').to.deep.equal([])
  })

  it('can remove themselves', () => {
    const socket = idle()
    socket.onmessage = () => {
      called.push('once')
      socket.onmessage = null
    }
    const dispatch = (): unknown => socket.dispatchEvent(new Event('message'))
    expect(calls(dispatch)).to.deep.equal(['once'])
    expect(calls(dispatch)).to.deep.equal([])
  })

  it('cancel the event by returning false', () => {
    const socket = idle()
    const event = (): Event => new Event('message', { cancelable: true })
    socket.onmessage = () => true
    expect(socket.dispatchEvent(event())).to.equal(true)
    socket.onmessage = () => 0
    expect(socket.dispatchEvent(event())).to.equal(true)
    socket.onmessage = () => false
    expect(socket.dispatchEvent(event())).to.equal(false)
    expect(socket.dispatchEvent(new Event('message')), 'not cancelable').to.equal(true)
  })
})
