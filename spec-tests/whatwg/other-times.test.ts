import { expect } from 'chai'
import { runModule } from '../support/child.ts'

/** Classes of the host that are replaced on the global scope after the package was loaded, or that it makes when they are read. */
describe('Classes of other times', () => {
  it('that are put on the global scope after the import change nothing', async () => {
    const { lines, errors } = await runModule(`${EXCHANGE}
      const classes = {}
      for (const name of ${JSON.stringify(REPLACED)}) {
        classes[name] = globalThis[name]
        const value = class { constructor() { throw new Error(name + ' of the DOM was used') } }
        Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
      }
      console.log(await exchange())
      try { new WebSocket('ws://host.test:99999/') } catch (error) { console.log(error.name, error instanceof classes.DOMException) }
      Object.assign(globalThis, classes)
      end()
    `)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal([
      'open Event, message MessageEvent 5, message MessageEvent Blob 3, close CloseEvent 1000',
      'SyntaxError true',
    ])
  })

  it('that are related to no class of the host do not get into its events', async () => {
    const { lines, errors } = await runModule(`${EXCHANGE}
      class Event {}
      Object.assign(globalThis, { Event, MessageEvent: class MessageEvent extends Event {}, CloseEvent: class CloseEvent extends Event {} })
      console.log(await exchange(event => event instanceof MessageEvent || event instanceof CloseEvent))
      end()
    `)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal([
      'open Event false, message MessageEvent 5 false, message MessageEvent Blob 3 false, close CloseEvent 1000 false',
    ])
  })

  it('that Node.js makes when they are read are made when somebody asks for them', async () => {
    const { lines, errors } = await runModule(`${EXCHANGE}
      // Node.js 20 has an accessor until then; in later versions, to look at the property makes them.
      const isLoaded = !process.version.startsWith('v20.')
        ? () => process.moduleLoadList.some(name => name.includes('deps/undici'))
        : () => Object.getOwnPropertyDescriptor(globalThis, 'MessageEvent').get === undefined
      const asked = []
      console.log(isLoaded(), await exchange(event => {
        if (event.type === 'open') return event instanceof Event && isLoaded()
        if (asked.length === 0) asked.push(event instanceof Event, event instanceof exports.MessageEvent, isLoaded())
        return event instanceof (event.type === 'message' ? MessageEvent : (globalThis.CloseEvent ?? exports.CloseEvent))
      }), isLoaded())
      console.log(asked.join())
      console.log(new MessageEvent('x') instanceof MessageEvent, new Event('x') instanceof MessageEvent, Object.hasOwn(Event, Symbol.hasInstance))
      end()
    `)
    expect(errors).to.equal('')
    const exchanged =
      'open Event false, message MessageEvent 5 true, message MessageEvent Blob 3 true, close CloseEvent 1000 true'
    expect(lines).to.deep.equal([`false ${exchanged} true`, 'true,true,false', 'true false false'])
  })

  it('may be asked for in a subclass, and where somebody else has a Symbol.hasInstance on Event', async () => {
    const { lines, errors } = await runModule(`${EXCHANGE}
      const ordinary = Event[Symbol.hasInstance]
      let calls = 0
      Object.defineProperty(Event, Symbol.hasInstance, { configurable: true, value(value) { calls++; return ordinary.call(this, value) } })
      class Mine extends MessageEvent {}
      console.log(await exchange(event => [event instanceof Mine, event instanceof CustomEvent, event instanceof Event].join('')))
      console.log(calls > 0, new exports.MessageEvent('x') instanceof MessageEvent)
      end()
    `)
    expect(errors).to.equal('')
    const answers = 'falsefalsetrue'
    expect(lines).to.deep.equal([
      `open Event ${answers}, message MessageEvent 5 ${answers}, message MessageEvent Blob 3 ${answers}, close CloseEvent 1000 ${answers}`,
      'true true',
    ])
  })

  it('may be missing, frozen, or replaced by ours', async () => {
    for (const [setUp, expected] of [
      ['Reflect.deleteProperty(globalThis, "MessageEvent"); Reflect.deleteProperty(globalThis, "CloseEvent")', 'false'],
      ['Object.freeze(Event); Object.freeze(Event.prototype)', 'true'],
      ['exports.install(globalThis, { override: true })', 'true'],
      ['globalThis.MessageEvent = class extends exports.MessageEvent {}', 'false'],
    ]) {
      const { lines, errors } = await runModule(`${EXCHANGE}
        ${setUp}
        console.log(await exchange(event => typeof MessageEvent === 'function' && event.type === 'message' && event instanceof MessageEvent))
        end()
      `)
      expect(errors, setUp).to.equal('')
      expect(lines, setUp).to.deep.equal([
        `open Event false, message MessageEvent 5 ${expected}, message MessageEvent Blob 3 ${expected}, close CloseEvent 1000 false`,
      ])
    }
  })
})

/** What a DOM puts on the global scope, as far as a connection might use it. */
const REPLACED = [
  'Event',
  'EventTarget',
  'MessageEvent',
  'CloseEvent',
  'DOMException',
  'AbortController',
  'AbortSignal',
  'Blob',
  'URL',
]

/** Defines `exchange`, which opens a connection and tells of its events; `judge` may add something of each. */
const EXCHANGE = `
  import * as exports from '#lib/entry/node.js'
  import { WebSocketServer } from 'ws'
  const { WebSocket } = exports
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise(resolve => server.on('listening', resolve))
  const url = 'ws://127.0.0.1:' + server.address().port
  server.on('connection', peer => {
    peer.on('message', () => {
      peer.send('hello')
      peer.send(Uint8Array.of(1, 2, 3))
      peer.close(1000)
    })
  })
  process.on('uncaughtException', error => console.error('uncaught', error))
  process.on('unhandledRejection', error => console.error('unhandled', error))
  function exchange(judge) {
    const log = []
    const socket = new WebSocket(url)
    return new Promise(resolve => {
      for (const type of ['open', 'message', 'error', 'close']) {
        socket.addEventListener(type, event => {
          const { data, code } = event
          const size = data === undefined ? code : typeof data === 'string' ? data.length : data.constructor.name + ' ' + data.size
          const tag = Object.prototype.toString.call(event).slice(8, -1)
          log.push([type, tag, size, judge?.(event)].filter(part => part !== undefined).join(' '))
          if (type === 'open') socket.send('go')
          if (type === 'close') resolve(log.join(', '))
        })
      }
    })
  }
  function end() {
    server.close()
    process.exit()
  }
`
