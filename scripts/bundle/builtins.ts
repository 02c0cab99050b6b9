import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Lets a bundled CommonJS file take modules of Node.js from `process` in place of `require`, in place. A bundler that makes an ES
 * module of that file, as esbuild with conditions of one's own (`--conditions=development`), leaves `require` as it is, and an ES
 * module has none.
 */
export function takeBuiltinsFromProcess(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll('require("node:', 'globalThis.process.getBuiltinModule("node:'))
}
