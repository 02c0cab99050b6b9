import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assert } from 'chai'
import type { Browser, Page } from 'playwright-core'
import type { AboutRun } from '../../wpt/runner/about-run.ts'
import { htmlReport } from '../../wpt/runner/html-report.ts'
import { judge } from '../../wpt/runner/judge.ts'
import type { FileResult, SubtestResult } from '../../wpt/runner/results.ts'
import { launchChromium } from '../support/chromium.ts'

const ours = { implementation: 'ours', runtime: 'node 20.20.2' }
const theirs = { implementation: 'undici', runtime: 'node 20.20.2' }
const pass: SubtestResult = { name: 'opens', status: 'PASS' }
const fail: SubtestResult = { name: 'closes', status: 'FAIL', message: '</script> is <b>1006</b> & not 1000' }

function result(
  file: string,
  subject: FileResult['subject'],
  subtests: SubtestResult[],
  place: Partial<FileResult> = {},
): FileResult {
  const base = { query: '', variant: 'ws', scope: 'window', status: 'OK', milliseconds: 1 } as const
  return { ...base, file, subject, subtests, ...place }
}

/** A page of three files: one that all pass, one in which one implementation fails, one that breaks as expected. */
function page(): string {
  const results = [
    result('Close-1000.any.js', ours, [pass]),
    result('Close-1000.any.js', theirs, [pass]),
    result('Close-1000.any.js', theirs, [pass], { variant: 'wss', scope: 'worker' }),
    result('cookies/001.html', ours, [pass, { ...fail, status: 'PASS' }]),
    result('cookies/001.html', theirs, [pass, fail]),
    result('Send-float16.any.js', ours, [], { status: 'TIMEOUT', message: 'no word' }),
  ]
  const reason = 'the host has no such array'
  const expected = { implementation: 'ours', file: 'Send-*', outcome: 'fail', reason } as const
  const test = { suite: 'upstream', file: 'mixed.any.js', query: '?wss', variant: 'wss', scope: 'window' } as const
  const base = { ...test, long: false, scripts: [] }
  const notRun = [
    { test: { ...base, file: 'other.any.js' }, reason: 'takes <HTTP/2>' },
    { test: base, reason: 'takes a document' },
    { test: { ...base, file: 'frame.html', query: '' }, reason: 'takes a document' },
  ]
  const about: AboutRun = [
    ['Command', `npx whatwg-websocket-wpt ${'--impl ours,undici '.repeat(20)}`],
    ['Date', '2030-01-02 03:04 UTC'],
  ]
  const verdicts = judge(results, 'upstream', [expected], () => true)
  return htmlReport({ suite: 'upstream', results, verdicts, notRun }, about)
}

describe('the page of the web-platform-tests runner', () => {
  let folder: string
  let browser: Browser
  let tab: Page
  const requests: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wpt-report-'))
    const path = join(folder, 'report.html')
    await writeFile(path, page())
    browser = await launchChromium()
    tab = await browser.newPage()
    tab.on('request', request => requests.push(request.url()))
    await tab.goto(pathToFileURL(path).href)
  })

  after(async () => {
    await browser?.close()
    await rm(folder, { recursive: true })
  })

  afterEach(async () => {
    await tab.fill('#filter', '')
    for (const id of ['#variant', '#scope', '#only']) await tab.selectOption(id, '')
  })

  const cells = (file: string) => tab.locator('tr', { has: tab.locator('th', { hasText: file }) }).locator('td')
  const files = () => tab.locator('tbody button').allTextContents()

  it('has a column for each implementation and a row for each file, with signs besides colours', async () => {
    const heading = await tab.locator('thead th').allTextContents()
    assert.deepEqual(heading, ['file', 'ours / node 20.20.2', 'undici / node 20.20.2'])
    assert.deepEqual(await files(), ['Close-1000.any.js', 'Send-float16.any.js', 'cookies/001.html'])
    assert.deepEqual(await cells('3 files').allTextContents(), ['◐ 3/4', '◐ 3/4'])
    assert.deepEqual(await cells('Close-1000').allTextContents(), ['✓ 1/1', '✓ 2/2'])
    assert.deepEqual(await cells('cookies/001').allTextContents(), ['✓ 2/2', '◐ 1/2'])
    assert.deepEqual(await cells('float16').allTextContents(), ['✗ 0/1', '–'])
  })

  it('gives each standing a colour of its own', async () => {
    const color = (node: unknown) => (globalThis as any).getComputedStyle(node).backgroundColor
    const colors = await Promise.all(
      ['.pass', '.part', '.fail', '.none'].map(name => tab.locator(`td${name}`).first().evaluate(color)),
    )
    assert.equal(new Set(colors).size, 4)
  })

  it('shows the messages of a file on a click, as text, and hides them on the next', async () => {
    await tab.click('text=cookies/001.html')
    assert.deepEqual(await tab.locator('.messages pre').allTextContents(), [
      'FAIL: </script> is <b>1006</b> & not 1000',
    ])
    assert.deepEqual(await tab.locator('.messages .subtest').allTextContents(), ['closes'])
    assert.equal(await tab.locator('.messages li').first().textContent(), '1 of 2 runs pass')
    assert.equal(await tab.locator('button[aria-expanded=true]').count(), 1)
    await tab.click('text=cookies/001.html')
    assert.equal(await tab.locator('.messages').count(), 0)
  })

  it('tells an expected failure with its reason', async () => {
    await tab.click('text=Send-float16.any.js')
    assert.deepEqual(await tab.locator('.expected').allTextContents(), ['expected: the host has no such array'])
    await tab.click('text=Send-float16.any.js')
  })

  it('filters by words of the path', async () => {
    await tab.fill('#filter', 'any close')
    assert.deepEqual(await files(), ['Close-1000.any.js'])
    assert.deepEqual(await cells('1 file').allTextContents(), ['✓ 1/1', '✓ 2/2'])
  })

  it('filters by variant and scope', async () => {
    await tab.selectOption('#variant', 'wss')
    assert.deepEqual(await files(), ['Close-1000.any.js'])
    assert.deepEqual(await cells('Close-1000').allTextContents(), ['–', '✓ 1/1'])
    await tab.selectOption('#scope', 'window')
    assert.deepEqual(await files(), [])
  })

  it('shows only the files with failures, or only those that differ', async () => {
    await tab.selectOption('#only', 'failures')
    assert.deepEqual(await files(), ['Send-float16.any.js', 'cookies/001.html'])
    await tab.selectOption('#only', 'differences')
    assert.deepEqual(await files(), ['Send-float16.any.js', 'cookies/001.html'])
  })

  it('lists what was not run by the reason, the most frequent first', async () => {
    const reasons = tab.locator('#not-run details')
    assert.deepEqual(await reasons.locator('summary').allTextContents(), [
      'takes a document (2 files)',
      'takes <HTTP/2> (1 file)',
    ])
    const first = reasons.first()
    assert.isFalse(await first.locator('li').first().isVisible())
    await first.locator('summary').click()
    assert.isTrue(await first.locator('li').first().isVisible())
    assert.deepEqual(await first.locator('li').allTextContents(), [
      'mixed.any.js?wss in window',
      'frame.html in window',
    ])
  })

  it('tells what was run', async () => {
    assert.deepEqual(await tab.locator('#about dt').allTextContents(), ['Command', 'Date', 'Implementations'])
    const values = await tab.locator('#about dd').allTextContents()
    assert.deepEqual(values.slice(1), ['2030-01-02 03:04 UTC', 'ours / node 20.20.2; undici / node 20.20.2'])
  })

  it('is as wide as a phone, where the matrix alone scrolls sideways', async () => {
    const phone = await browser.newPage({ viewport: { width: 360, height: 740 } })
    await phone.goto(tab.url())
    await phone.locator('#not-run summary').first().click()
    await phone.click('text=cookies/001.html')
    // Of strings, since the types of Node.js have no DOM.
    assert.equal(await phone.evaluate('document.documentElement.scrollWidth'), 360)
    const columns = await phone
      .locator('.file')
      .first()
      .locator('th, td')
      .evaluateAll(cells => cells.length)
    assert.equal(columns, 3)
    await phone.close()
  })

  it('breaks the path of a file between its words', async () => {
    const phone = await browser.newPage({ viewport: { width: 390, height: 740 } })
    const file = 'interfaces/WebSocket/close/close-connecting-async.any.js'
    const path = join(folder, 'long.html')
    await writeFile(
      path,
      htmlReport({ suite: 'upstream', results: [result(file, ours, [pass])], verdicts: [], notRun: [] }, []),
    )
    await phone.goto(pathToFileURL(path).href)
    assert.equal(await phone.locator('tbody button').textContent(), file)
    // The words that stand in more than one line, and the number of lines.
    const [broken, lines] = await phone.evaluate<[string[], number]>(`(() => {
      const texts = document.createTreeWalker(document.querySelector('tbody button'), NodeFilter.SHOW_TEXT)
      const range = new Range(), broken = [], tops = new Set()
      while (texts.nextNode()) {
        for (const { 0: word, index } of texts.currentNode.data.matchAll(/[^-]+-?/g)) {
          range.setStart(texts.currentNode, index)
          range.setEnd(texts.currentNode, index + word.length)
          const boxes = range.getClientRects()
          if (boxes.length > 1) broken.push(word)
          for (const box of boxes) tops.add(box.top)
        }
      }
      return [broken, tops.size]
    })()`)
    assert.deepEqual(broken, [])
    assert.isAbove(lines, 1)
    await phone.close()
  })

  it('asks for nothing but itself', () => {
    assert.lengthOf(requests, 1)
  })
})
