import { equal } from 'node:assert/strict'
import { startChromium } from '../chromium.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'puppeteer-core',
  server: { program: 'Chromium' },
  reached: 'the global, by `BrowserWebSocketTransport` and the option `transport` of `connect`; a URL takes ws',
  trip: 'a page, an expression in it, a screenshot',
  large: true,
  async run(trip) {
    const { url } = await startChromium(trip)
    const { BrowserWebSocketTransport } = await trip.load('puppeteer-core/internal/common/BrowserWebSocketTransport.js')
    const { default: puppeteer } = await trip.load('puppeteer-core')
    const browser = await puppeteer.connect({ transport: await BrowserWebSocketTransport.create(url) })
    const page = await browser.newPage()
    await page.setContent('<title>Grüße</title>')
    equal(await page.title(), 'Grüße')
    equal(await page.evaluate(() => 6 * 7), 42)
    equal((await page.screenshot()).subarray(1, 4).toString(), 'PNG')
    await browser.disconnect()
  },
}
