import { expect } from 'chai'
import { CloseEvent, MessageEvent } from '#lib/entry/node.js'
import { expectTypeError } from '../support/expect.ts'

type AnyEvent = Event & Record<string, any>
type Untyped = new (...args: unknown[]) => AnyEvent
const AnyCloseEvent = CloseEvent as unknown as Untyped
const AnyMessageEvent = MessageEvent as unknown as Untyped

/** What both interfaces have in common. */
function describeEventInterface(
  Class: Untyped,
  name: string,
  attributes: Record<string, unknown>,
  operations: string[],
) {
  const { prototype } = Class as unknown as { prototype: object }
  // The host's own, where it has one: Node.js 20 has no CloseEvent.
  const Host = (globalThis as any)[name] as Untyped | undefined

  it(`is named ${name}, wants one argument, and inherits from Event`, () => {
    expect(Class.name).to.equal(name)
    expect(Class.length).to.equal(1)
    expect(Object.getPrototypeOf(Class)).to.equal(Event)
    expect(prototype).to.be.an.instanceof(Event)
    expect(Object.prototype.toString.call(new Class('x'))).to.equal(`[object ${name}]`)
    expect(Object.getOwnPropertyDescriptor(prototype, 'constructor')).to.include({ value: Class, enumerable: false })
  })

  it('passes instanceof of the host where there is such a class', () => {
    const event = new Class('x')
    expect(event).to.be.an.instanceof(Class)
    expect(event).to.be.an.instanceof(Event)
    if (Host !== undefined) expect(event).to.be.an.instanceof(Host)
    expect(new Event('x')).not.to.be.an.instanceof(Class)
  })

  it('has enumerable attributes with getters alone, and operations', () => {
    const members = [...Object.keys(attributes), ...operations]
    expect(Object.keys(prototype)).to.have.members(members)
    expect(Object.getOwnPropertyNames(prototype)).to.have.members([...members, 'constructor'])
    for (const attribute of Object.keys(attributes)) {
      const { get, set, configurable } = Object.getOwnPropertyDescriptor(prototype, attribute)!
      expect(get!.name).to.equal(`get ${attribute}`)
      expect(set).to.equal(undefined)
      expect(configurable).to.equal(true)
      for (const self of [undefined, null, {}, new Event('x'), prototype]) expectTypeError(() => get!.call(self))
      expectTypeError(() => {
        new Class('x')[attribute] = 1
      })
    }
  })

  it('has the defaults without a dictionary, with an empty one, and with null and undefined', () => {
    for (const args of [[], [undefined], [null], [{}], [Object.create(null)], [() => {}]]) {
      const event = new Class('name', ...args)
      expect(event).to.include({ type: 'name', bubbles: false, cancelable: false, composed: false })
      for (const [attribute, value] of Object.entries(attributes)) expect(event[attribute]).to.deep.equal(value)
      const undefinedMembers = Object.fromEntries(Object.keys(attributes).map(attribute => [attribute, undefined]))
      const explicit = new Class('name', undefinedMembers)
      for (const [attribute, value] of Object.entries(attributes)) expect(explicit[attribute]).to.deep.equal(value)
    }
  })

  it('takes the members of EventInit', () => {
    const event = new Class('name', { bubbles: true, cancelable: true, composed: true })
    expect(event).to.include({ bubbles: true, cancelable: true, composed: true })
  })

  it('throws a TypeError without arguments, without new, for a symbol, and for a dictionary that is none', () => {
    expectTypeError(() => new Class())
    expectTypeError(() => (Class as unknown as (type: string) => void)('x'))
    expectTypeError(() => new Class(Symbol('x')))
    for (const dictionary of [1, 'text', true, 1n, Symbol('x')]) expectTypeError(() => new Class('x', dictionary))
  })

  it('converts the type to a string', () => {
    expect(new Class(undefined).type).to.equal('undefined')
    expect(new Class(null).type).to.equal('null')
    expect(new Class(7).type).to.equal('7')
    expect(new Class({ toString: () => 'own' }).type).to.equal('own')
  })

  it('reads inherited members of the dictionary, and lets through what a getter throws', () => {
    const name = Object.keys(attributes)[0]!
    const error = new RangeError('mine')
    const throwing = Object.defineProperty({}, name, {
      get() {
        throw error
      },
    })
    expect(() => new Class('x', throwing)).to.throw(error)
    expect(() => new Class('x', Object.create(throwing))).to.throw(error)
  })

  it('can be dispatched and subclassed', () => {
    class Own extends Class {}
    const event = new Own('own')
    const target = new EventTarget()
    let seen: unknown
    target.addEventListener('own', given => {
      seen = given
    })
    expect(target.dispatchEvent(event)).to.equal(true)
    expect(seen).to.equal(event)
    expect(event).to.be.an.instanceof(Own)
    expect(event.target).to.equal(target)
  })
}

/** https://websockets.spec.whatwg.org/#the-closeevent-interface */
describe('WHATWG CloseEvent', () => {
  describeEventInterface(AnyCloseEvent, 'CloseEvent', { wasClean: false, code: 0, reason: '' }, [])

  it('takes wasClean, code and reason', () => {
    const event = new CloseEvent('close', { wasClean: true, code: 4000, reason: 'bye' })
    expect(event).to.include({ wasClean: true, code: 4000, reason: 'bye' })
  })

  it('converts wasClean to a boolean', () => {
    for (const value of [1, 'no', {}, []]) expect(new AnyCloseEvent('x', { wasClean: value }).wasClean).to.equal(true)
    for (const value of [0, '', null, NaN]) expect(new AnyCloseEvent('x', { wasClean: value }).wasClean).to.equal(false)
  })

  it('converts code to an unsigned short, which wraps around', () => {
    const codes: [unknown, number][] = [
      [65535, 65535],
      [65536, 0],
      [65537, 1],
      [-1, 65535],
      [1000.9, 1000],
      [-0.9, 0],
      ['1001', 1001],
      [null, 0],
      [true, 1],
      [NaN, 0],
      [Infinity, 0],
      [-Infinity, 0],
      [2 ** 32 + 5, 5],
      [2 ** 53 + 2, 2],
      [-(2 ** 40) - 1, 65535],
      [{ valueOf: () => 12 }, 12],
    ]
    for (const [given, code] of codes)
      expect(new AnyCloseEvent('x', { code: given }).code, String(given)).to.equal(code)
    expectTypeError(() => new AnyCloseEvent('x', { code: 1n }))
    expectTypeError(() => new AnyCloseEvent('x', { code: Symbol('code') }))
  })

  it('converts reason to a USVString', () => {
    expect(new AnyCloseEvent('x', { reason: 'a\ud800b' }).reason).to.equal('a\ufffdb')
    expect(new AnyCloseEvent('x', { reason: '😀' }).reason).to.equal('😀')
    expect(new AnyCloseEvent('x', { reason: null }).reason).to.equal('null')
    expect(new AnyCloseEvent('x', { reason: 5 }).reason).to.equal('5')
    expectTypeError(() => new AnyCloseEvent('x', { reason: Symbol('reason') }))
  })

  it('reads its own members after those of EventInit, in the order of their names', () => {
    const order: string[] = []
    const members = ['wasClean', 'reason', 'composed', 'code', 'cancelable', 'bubbles']
    const dictionary = {}
    for (const member of members) Object.defineProperty(dictionary, member, { get: () => void order.push(member) })
    new AnyCloseEvent('x', dictionary)
    expect(order.slice(-3)).to.deep.equal(['code', 'reason', 'wasClean'])
    expect(order.slice(0, -3)).to.have.members(['bubbles', 'cancelable', 'composed'])
  })
})

/** https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface */
describe('HTML MessageEvent', () => {
  // `isTrusted` is one of Event, which the events of sockets override.
  const defaults = { data: null, origin: '', lastEventId: '', source: null, ports: [], isTrusted: false }
  describeEventInterface(AnyMessageEvent, 'MessageEvent', defaults, ['initMessageEvent'])

  it('takes data as it is', () => {
    const object = {}
    expect(new MessageEvent('x', { data: object }).data).to.equal(object)
    expect(new MessageEvent('x', { data: 'text' }).data).to.equal('text')
    expect(new MessageEvent('x', { data: 0 }).data).to.equal(0)
    expect(new MessageEvent('x', { data: undefined }).data).to.equal(null)
  })

  it('converts origin and lastEventId', () => {
    const event = new AnyMessageEvent('x', { origin: 'a\ud800', lastEventId: 'b\ud800' })
    expect(event.origin).to.equal('a\ufffd')
    expect(event.lastEventId).to.equal('b\ud800')
    expect(new AnyMessageEvent('x', { origin: null, lastEventId: 1 })).to.include({ origin: 'null', lastEventId: '1' })
    expectTypeError(() => new AnyMessageEvent('x', { origin: Symbol('origin') }))
    expectTypeError(() => new AnyMessageEvent('x', { lastEventId: Symbol('id') }))
  })

  it('has a frozen list of ports, always the same', () => {
    const { port1, port2 } = new MessageChannel()
    const ports = [port1, port2]
    const event = new MessageEvent('x', { ports, source: port1 })
    expect(event.ports).to.deep.equal([port1, port2])
    expect(event.ports).to.equal(event.ports)
    expect(event.ports).not.to.equal(ports)
    expect(Object.isFrozen(event.ports)).to.equal(true)
    expect(event.source).to.equal(port1)
    expect(new AnyMessageEvent('x', { ports: new Set([port2]) }).ports).to.deep.equal([port2])
    expect(new AnyMessageEvent('x', { ports: undefined }).ports).to.deep.equal([])
    expect(Object.isFrozen(new AnyMessageEvent('x').ports)).to.equal(true)
    for (const bad of [null, 1, {}, 'text', [1], [{}], [null]])
      expectTypeError(() => new AnyMessageEvent('x', { ports: bad }))
    port1.close()
  })

  it('has a port or null as source', () => {
    const { port1 } = new MessageChannel()
    expect(new AnyMessageEvent('x', { source: port1 }).source).to.equal(port1)
    expect(new AnyMessageEvent('x', { source: null }).source).to.equal(null)
    for (const bad of [1, 'text', {}, []]) expectTypeError(() => new AnyMessageEvent('x', { source: bad }))
    port1.close()
  })

  it('can be initialized, but not while it is dispatched', () => {
    const { port1 } = new MessageChannel()
    const event = new MessageEvent('x', { data: 1 })
    event.initMessageEvent('name', true, true, 'data', 'origin', 'id', port1, [port1])
    const whole = { type: 'name', bubbles: true, cancelable: true, data: 'data', origin: 'origin', lastEventId: 'id' }
    expect(event).to.include(whole)
    expect(event.source).to.equal(port1)
    expect(event.ports).to.deep.equal([port1])
    port1.close()

    const target = new EventTarget()
    target.addEventListener('name', () => event.initMessageEvent('other', false, false, 'other'))
    target.dispatchEvent(event)
    expect(event).to.include(whole)

    event.initMessageEvent('bare')
    expect(event).to.include({
      type: 'bare',
      bubbles: false,
      cancelable: false,
      data: null,
      origin: '',
      lastEventId: '',
    })
    expect(event.source).to.equal(null)
    expect(event.ports).to.deep.equal([])
    expect(MessageEvent.prototype.initMessageEvent.length).to.equal(1)
    expectTypeError(() => (event.initMessageEvent as () => void)())
  })
})
