'use strict'
// Bundles a program to one CommonJS file, which is what a single executable takes, and puts it into a copy of node.
const { execFileSync } = require('node:child_process')
const { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { buildSync } = require('esbuild')
const { inject } = require('postject')
const { expectOutput, main } = require('./children.cjs')

main(`Node.js ${process.version}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sea-'))
  try {
    const [bundle, blob, config, program] = ['a.cjs', 'a.blob', 'a.json', 'a'].map(name => join(folder, name))
    buildSync({ entryPoints: ['client.mjs'], bundle: true, platform: 'node', format: 'cjs', outfile: bundle })
    writeFileSync(config, JSON.stringify({ main: bundle, output: blob, disableExperimentalSEAWarning: true }))
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'ignore' })
    copyFileSync(process.execPath, program)
    chmodSync(program, 0o755)
    withoutSymbols(program)
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
    await inject(program, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: fuse })
    rmSync(bundle)
    await expectOutput(program, [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Takes out the symbols of a program, where there are the tools for that: postject reads each, which takes 2 s of CPU time. */
function withoutSymbols(program) {
  try {
    execFileSync('strip', [program], { stdio: 'ignore' })
  } catch {
    // It is as long as it was.
  }
}
