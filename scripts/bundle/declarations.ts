import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a `.d.cts` file beside each `.d.ts` file, for TypeScript programs that are CommonJS: TypeScript takes a `.d.ts` file of
 * this package for an ES module, which such a program may not import (TS1479). They share the declaration maps.
 */
export function writeCommonJsDeclarations(dist: string): void {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter(name => name.endsWith('.d.cts'))) rmSync(join(dist, file))
  for (const file of files.filter(name => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(dist, file), 'utf8')
    writeFileSync(join(dist, file.replace(/\.ts$/, '.cts')), text.replaceAll(RELATIVE_SPECIFIER, '$1.cts$2'))
  }
}

/** A relative import or export, up to the extension of its file. */
const RELATIVE_SPECIFIER = /((?:from |import |import\()['"]\.{1,2}\/[^'"\n]+)\.ts(['"])/g
