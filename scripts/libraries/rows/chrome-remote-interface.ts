import { deepEqual } from 'node:assert/strict'
import { on } from 'node:events'
import { startChromium } from '../chromium.ts'
import type { Row } from '../row.ts'

const wrapper = 'node_modules/chrome-remote-interface/lib/websocket-wrapper.js'

export const row: Row = {
  name: 'chrome-remote-interface',
  server: { program: 'Chromium' },
  reached: `the global, by an alias of ws to \`chrome-remote-interface/lib/websocket-wrapper.js\`; without it, ws`,
  trip: 'a page, an event of it, an expression in it',
  large: true,
  async run(trip) {
    const { port } = await startChromium(trip)
    const { default: connect } = await trip.bundle('chrome-remote-interface', { ws: wrapper })
    const client = await connect({ port, host: '127.0.0.1' })
    await client.Page.enable()
    await client.Page.setLifecycleEventsEnabled({ enabled: true })
    // Events are told by their loader: the page that Chromium starts with may not have fired its own `load` yet.
    const lifecycle = on(client, 'Page.lifecycleEvent')
    const { loaderId } = await client.Page.navigate({ url: 'data:text/html,<title>Page</title>' })
    for await (const [event] of lifecycle) {
      if (event.name === 'load' && event.loaderId === loaderId) break
    }
    const { result } = await client.Runtime.evaluate({ expression: '[document.title, 6 * 7]', returnByValue: true })
    deepEqual(result.value, ['Page', 42])
    await client.close()
  },
}
