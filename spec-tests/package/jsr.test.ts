import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readManifest } from '../../scripts/check/manifest.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/**
 * Flags of V8 for the TypeScript compiler in Deno: it checks for some seconds, which takes a third less CPU time without the optimizing
 * compiler, and with one thread that collects a large young generation seldom.
 */
const FLAGS = '--no-opt,--min-semi-space-size=128,--max-semi-space-size=128,--single-threaded-gc'

describe('The package for JSR', function () {
  this.timeout(INSTALL_LIMIT)

  const { version, publish } = JSON.parse(readFileSync(join(root, 'jsr.json'), 'utf8')) as {
    readonly version: string
    readonly publish: { readonly include: readonly string[] }
  }

  it('has the version of the package for npm', () => {
    expect(version).to.equal(readManifest(root).version)
  })

  it('could be published: all that it exports compiles, and has types that need no inference', async () => {
    const deno = await ensureRuntime('deno')
    // Without node_modules, as its users have it: the types of Node.js there would take the place of some of Deno's.
    const folder = makeFolder()
    for (const path of ['jsr.json', ...publish.include]) {
      cpSync(join(root, path), join(folder, path), { recursive: true })
    }
    const { status, stdout, stderr } = spawnSync(deno, ['publish', '--dry-run', '--allow-dirty'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', DENO_V8_FLAGS: FLAGS },
      timeout: 120_000,
    })
    expect(status, stdout + stderr).to.equal(0)
  })
})
