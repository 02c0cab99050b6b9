import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Bytes of a bundle. */
export interface Size {
  readonly minified: number
  readonly gzipped: number
}

/**
 * What a bundle of our `WebSocket` may weigh, gzipped, in bytes. The aim is what that of ws does, which is printed beside
 * it; until it is reached, the number here goes down with each saving, and up only for something that is worth it.
 */
const BUDGET = 26_200

export interface Budget {
  readonly ours: Size
  readonly theirs: Size
  readonly withinBudget: boolean
}

/**
 * Measures the two packages in the same way, as they are resolved from the package at `root`.
 *
 * @param ours what our bundle imports, for a test of this check
 */
export async function measureBudget(
  root: string,
  ours = "export { WebSocket } from 'whatwg-websocket'",
): Promise<Budget> {
  const sizes = { ours: await bundle(root, ours), theirs: await bundle(root, "export { WebSocket } from 'ws'") }
  return { ...sizes, withinBudget: sizes.ours.gzipped <= BUDGET }
}

export function describeBudget({ ours, theirs, withinBudget }: Budget): string {
  const numbers = `${kilobytes(ours)}, budget ${(BUDGET / 1000).toFixed(2)} kB, ws ${kilobytes(theirs)}`
  return `size: WebSocket alone, minified and gzipped: ${numbers}${withinBudget ? '' : ': over the budget'}`
}

/** Bundles a module for Node.js, and leaves out what nobody uses. */
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
    // The optional native parts of ws.
    external: ['bufferutil', 'utf-8-validate'],
  })
  const { contents: bytes } = result.outputFiles[0]!
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length }
}

function kilobytes({ gzipped, minified }: Size): string {
  return `${(gzipped / 1000).toFixed(2)} kB (${(minified / 1000).toFixed(1)} kB minified)`
}
