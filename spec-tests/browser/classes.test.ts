import { expect } from 'chai'
import { inPage, usePageWorld } from './page-world.ts'

const NAMES = ['WebSocket', 'CloseEvent', 'MessageEvent', 'WebSocketError']

/** An echo, in a scope of any kind: gives `tell` what came of it. */
const echo = `
  const tellAll = async tell => {
    try {
      const lib = await import('/dist/entry/browser.js')
      const isOwn = lib.WebSocket === globalThis.WebSocket
      const socket = new lib.WebSocket(location.origin.replace('http', 'ws') + '/echo')
      socket.onmessage = ({ data }) => tell([data, isOwn])
      socket.onopen = () => socket.send('from ' + globalThis.constructor.name)
      socket.onerror = () => tell(['error'])
    } catch (error) {
      tell([String(error)])
    }
  }`

describe('The entry of browsers', function () {
  // It starts a browser, on machines that have other things to do.
  this.timeout(60_000)

  const suite = usePageWorld()

  for (const entry of ['dist/entry/browser.js', 'dist/bundle/entry/browser.js']) {
    it(`gives the classes of the browser itself: ${entry}`, async () => {
      const page = await suite.page()
      const same = `return ${JSON.stringify(NAMES)}.map(name => lib[name] === globalThis[name] && typeof lib[name])`
      expect(await inPage(page, same, entry)).to.deep.equal(NAMES.map(() => 'function'))
      expect(await inPage(page, 'return lib.default === lib.WebSocket', entry)).to.equal(true)
    })

    it(`gives the WebSocketStream of the browser, whose constructor takes our options: ${entry}`, async () => {
      const page = await suite.page()
      const told = await inPage(
        page,
        `const { WebSocketStream } = lib
        const Own = globalThis.WebSocketStream
        const stream = new WebSocketStream('echo', { baseURL: base })
        const { readable, writable } = await stream.opened
        await writable.getWriter().write('hello')
        const { value } = await readable.getReader().read()
        stream.close()
        class Below extends WebSocketStream { own = true }
        const below = new Below(base + '/echo')
        below.close()
        return [
          [WebSocketStream.prototype === Own.prototype, WebSocketStream.name, WebSocketStream.length === Own.length],
          [stream instanceof Own, new Own(base + '/refuse') instanceof WebSocketStream, value],
          [below instanceof Below, below.own, below instanceof Own],
        ]`,
        entry,
      )
      expect(told).to.deep.equal([
        [true, 'WebSocketStream', true],
        [true, true, 'hello'],
        [true, true, true],
      ])
    })
  }

  it('works in a window', async () => {
    const page = await suite.page()
    expect(await page.evaluate(`new Promise(resolve => { ${echo}; tellAll(resolve) })`)).to.deep.equal([
      'from Window',
      true,
    ])
  })

  it('works in a module worker', async () => {
    suite.world.serve('/worker.js', `${echo}\ntellAll(message => postMessage(message))`)
    const page = await suite.page()
    const answer = await page.evaluate(`new Promise(resolve => {
      globalThis.worker = new Worker('/worker.js', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
    })`)
    expect(answer).to.deep.equal(['from DedicatedWorkerGlobalScope', true])
  })

  it('works in a shared worker', async () => {
    suite.world.serve(
      '/shared.js',
      `${echo}\nonconnect = ({ ports: [port] }) => tellAll(message => port.postMessage(message))`,
    )
    const page = await suite.world.page()
    const answer = await page.evaluate(`new Promise(resolve => {
      globalThis.worker = new SharedWorker('/shared.js', { type: 'module' })
      worker.port.onmessage = ({ data }) => resolve(data)
    })`)
    expect(answer).to.deep.equal(['from SharedWorkerGlobalScope', true])
  })

  it('works in a service worker', async () => {
    // A service worker may import statically alone.
    const source = echo.replace("await import('/dist/entry/browser.js')", 'library')
    suite.world.serve(
      '/service.js',
      `import * as library from '/dist/entry/browser.js'\n${source}
      onmessage = ({ source }) => tellAll(message => source.postMessage(message))`,
    )
    const page = await suite.world.page()
    const answer = await page.evaluate(`(async () => {
      await navigator.serviceWorker.register('/service.js', { type: 'module' })
      const { active } = await navigator.serviceWorker.ready
      return await new Promise(resolve => {
        navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
        active.postMessage('go')
      })
    })()`)
    expect(answer).to.deep.equal(['from ServiceWorkerGlobalScope', true])
  })

  it('defines the missing globals alone: the polyfill', async () => {
    const page = await suite.page()
    const defined = await inPage(
      page,
      `const own = globalThis.WebSocket
      delete globalThis.WebSocketStream
      delete globalThis.WebSocketError
      await import('/dist/bundle/entry/browser-polyfill.js')
      const { enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'WebSocketStream')
      const stream = new WebSocketStream(base + '/echo')
      const { readable, writable: sink } = await stream.opened
      await sink.getWriter().write('over a WebSocket')
      const { value } = await readable.getReader().read()
      stream.close()
      return [own === WebSocket, typeof WebSocketError, enumerable, writable, configurable, value]`,
      'dist/bundle/entry/browser-polyfill.js?early',
    ).catch(error => String(error))
    expect(defined).to.deep.equal([true, 'function', false, true, true, 'over a WebSocket'])
  })
})
