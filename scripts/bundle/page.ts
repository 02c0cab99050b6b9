import { commonJsFile, esModule, exportsOf, loadingFile, write } from './bundle.ts'

/**
 * Writes what the condition `browser` gives without `module`: in a page, the classes of the browser. In a page that runs within
 * Node.js, such as the jsdom of Jest, the implementation for Node.js: there a test is a program of Node.js with a DOM, and the
 * WebSocket of that DOM takes no options.
 *
 * Bundlers of pages take the modules (the condition `module`), or follow `require` alone, so they never reach Node.js.
 */
export async function writePageFiles(dist: string): Promise<void> {
  const implementation = { name: 'page' }
  write(dist, 'page.cjs', CHOICE)
  write(dist, 'load-page.cjs', loadingFile(implementation))
  const names = await exportsOf('entry/browser', dist)
  write(dist, 'entry/page.cjs', commonJsFile(implementation, 'entry/page', names))
  write(dist, 'entry/page.js', esModule(implementation, 'entry/page', names))
  write(dist, 'entry/page-polyfill.cjs', `'use strict'\nrequire('./page.cjs').install(globalThis)\n`)
  write(dist, 'entry/page-polyfill.js', `import { install } from './page.js'\ninstall(globalThis)\n`)
}

/** Electron and NW.js have Node.js in pages of a browser. */
const CHOICE = `'use strict'
const { document, process } = globalThis
// Jest's own require, by which the module belongs to the realm of the page. Bundlers follow \`module.require\` as well, and put names
// that are constant together: none of them sees it here, and in what they make there is none.
const load = Reflect.get(module, 'require')
const isWithinNode =
  typeof load === 'function' &&
  typeof document === 'object' &&
  typeof process === 'object' &&
  typeof process.getBuiltinModule === 'function' &&
  process.versions.electron === undefined &&
  process.versions.nw === undefined
module.exports = {
  'entry/page': isWithinNode ? load.call(module, './node.cjs')['entry/node'] : require('./browser.cjs')['entry/browser'],
}
`
