import { expect } from 'chai'
import { WebSocketError } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError } from '../support/expect.ts'

/** https://whatpr.org/websockets/48.html, the interface WebSocketError */
describe('WebSocketError', () => {
  const Untyped = WebSocketError as unknown as new (...args: unknown[]) => WebSocketError

  it('is a DOMException of that name, and an Error', () => {
    const error = new WebSocketError('message')
    expect(error).to.be.an.instanceof(DOMException)
    expect(error).to.be.an.instanceof(Error)
    expect(error.constructor).to.equal(WebSocketError)
    expect(error.name).to.equal('WebSocketError')
    expect(error.code).to.equal(0)
    expect(error.message).to.equal('message')
    expect(error.stack).to.include('stream/error.test')
    expect(Object.prototype.toString.call(error)).to.equal('[object WebSocketError]')
    expect('cause' in error).to.equal(false)
  })

  it('has an interface as the IDL says', () => {
    expect(WebSocketError.length).to.equal(0)
    expect(WebSocketError.name).to.equal('WebSocketError')
    expect(Object.getPrototypeOf(WebSocketError)).to.equal(DOMException)
    for (const name of ['closeCode', 'reason']) {
      const descriptor = Object.getOwnPropertyDescriptor(WebSocketError.prototype, name)!
      expect(descriptor).to.include({ enumerable: true, configurable: true, set: undefined })
      for (const value of [{}, new DOMException(), WebSocketError.prototype]) {
        expectTypeError(() => descriptor.get!.call(value))
      }
    }
    expectTypeError(() => (WebSocketError as unknown as () => void)())
  })

  it('can be extended', () => {
    class Derived extends WebSocketError {
      readonly extra = 1
    }
    const error = new Derived('', { closeCode: 3000 })
    expect(error).to.be.an.instanceof(Derived)
    expect(error).to.include({ closeCode: 3000, extra: 1, name: 'WebSocketError' })
  })

  it('takes the code and the reason', () => {
    const made = (...args: unknown[]) => {
      const { message, closeCode, reason } = new Untyped(...args)
      return { message, closeCode, reason }
    }
    const none = { message: '', closeCode: null, reason: '' }
    expect(made()).to.deep.equal(none)
    for (const init of [undefined, null, {}, () => {}, { closeCode: undefined, reason: undefined }]) {
      expect(made('', init)).to.deep.equal(none)
    }
    expect(made(undefined, { closeCode: 1000 })).to.deep.equal({ ...none, closeCode: 1000 })
    expect(made(5, { closeCode: '3000.9', reason: 7 })).to.deep.equal({ message: '5', closeCode: 3000, reason: '7' })
    expect(made('', { closeCode: 4999, reason: 'a\ud800' }).reason).to.equal('a\ufffd')
    expect(made('', Object.create({ closeCode: 3001 })).closeCode).to.equal(3001)
  })

  it('makes the code 1000 if there is only a reason', () => {
    expect(new WebSocketError('', { reason: 'x' }).closeCode).to.equal(1000)
    expect(new WebSocketError('', { reason: '' }).closeCode).to.equal(null)
  })

  it('reads the members in order, each once', () => {
    const read: string[] = []
    const init = {
      get reason() {
        read.push('reason')
        return 'x'
      },
      get closeCode() {
        read.push('closeCode')
        return 1000
      },
    }
    new WebSocketError('', init)
    expect(read).to.deep.equal(['closeCode', 'reason'])
  })

  it('refuses other codes and long reasons', () => {
    for (const closeCode of [0, 999, 1001, 1005, 1006, 2999, 5000, 65535]) {
      expectDOMException(() => new WebSocketError('', { closeCode }), 'InvalidAccessError')
    }
    for (const closeCode of [-1, 65536, Number.NaN, Number.POSITIVE_INFINITY, 'x', 1n, Symbol('x'), {}]) {
      expectTypeError(() => new Untyped('', { closeCode }))
    }
    for (const init of [true, 5, 'x', 1n, Symbol('x')]) expectTypeError(() => new Untyped('', init))
    new WebSocketError('', { reason: 'é'.repeat(61) })
    expectDOMException(() => new WebSocketError('', { reason: 'é'.repeat(62) }), 'SyntaxError')
    expectTypeError(() => new Untyped(Symbol('message')))
    expectTypeError(() => new Untyped('', { reason: Symbol('reason') }))
  })
})
