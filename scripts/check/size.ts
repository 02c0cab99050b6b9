import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** The size of a bundle in bytes. */
export interface Size {
  readonly minified: number
  readonly gzipped: number
}

/**
 * Most bytes that a gzipped bundle of our `WebSocket` may have. The aim is the size of ws, which is printed beside it. Until
 * then lower this number with each saving, and raise it only for a feature that is worth it.
 */
const BUDGET = 53_600
/** The same of the entry that has no ways to a server but those that a program names. */
const CORE_BUDGET = 46_050

export interface Budget {
  readonly ours: Size
  readonly core: Size
  readonly theirs: Size
  readonly withinBudget: boolean
}

/**
 * Measures our bundles and that of ws in the same way. Both packages are resolved from the folder `root`.
 *
 * @param ours the source of our bundle, which a test of this check replaces
 */
export async function measureBudget(
  root: string,
  ours = "export { WebSocket } from 'whatwg-websocket'",
): Promise<Budget> {
  const sizes = {
    ours: await bundle(root, ours),
    core: await bundle(root, "export { WebSocket } from 'whatwg-websocket/core'"),
    theirs: await bundle(root, "export { WebSocket } from 'ws'"),
  }
  return { ...sizes, withinBudget: sizes.ours.gzipped <= BUDGET && sizes.core.gzipped <= CORE_BUDGET }
}

export function describeBudget({ ours, core, theirs, withinBudget }: Budget): string {
  const own = `${kilobytes(ours)}, budget ${(BUDGET / 1000).toFixed(2)} kB`
  const alone = `of whatwg-websocket/core ${kilobytes(core)}, budget ${(CORE_BUDGET / 1000).toFixed(2)} kB`
  const numbers = `${own}; ${alone}; ws ${kilobytes(theirs)}`
  return `size: WebSocket alone, minified and gzipped: ${numbers}${withinBudget ? '' : ': over the budget'}`
}

/** Bundles a module for Node.js, minified and with tree shaking. */
async function bundle(root: string, contents: string): Promise<Size> {
  const result = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'silent',
    // The optional native addons of ws.
    external: ['bufferutil', 'utf-8-validate'],
  })
  const { contents: bytes } = result.outputFiles[0]!
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length }
}

function kilobytes({ gzipped, minified }: Size): string {
  return `${(gzipped / 1000).toFixed(2)} kB (${(minified / 1000).toFixed(1)} kB minified)`
}
