'use strict'
// Copied into each project. Runs bundles of a server program: `node run-bundle.cjs FILE...`. Each has to be the only file in its
// folder. It is copied to an empty folder, and exchanges a text there; one of one-copy.js prints what it has found.
const { spawn } = require('node:child_process')
const { copyFileSync, mkdtempSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { basename, dirname, join } = require('node:path')
const { withServer } = require('./exchange.cjs')

main(process.argv.slice(2))

async function main(files) {
  for (const file of files) {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
    try {
      const beside = readdirSync(dirname(file)).filter(name => name !== basename(file))
      if (beside.length > 0) throw new Error(`Beside ${file} there is ${beside.join(', ')}`)
      copyFileSync(file, join(folder, basename(file)))
      const output = await withServer(url => run(join(folder, basename(file)), url))
      const expected = basename(file).startsWith('one-copy.') ? ONE_COPY : EXPECTED
      if (output.trim() !== expected) throw new Error(`${file} printed:\n${output}`)
    } catch (error) {
      console.error(error.message)
      process.exitCode = 1
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const EXPECTED = `text 1000
WebSocket CloseEvent MessageEvent WebSocketStream WebSocketError
Class constructor WebSocket cannot be invoked without 'new'`

const ONE_COPY = 'default true, require true, polyfill true, transport true, ws true, engine true'

/** The output of the program in this runtime, or in the one that the environment names. */
function run(file, url) {
  const [program, ...flags] = (process.env.BUNDLE_RUNTIME ?? process.execPath).split(' ')
  const child = spawn(program, [...flags, file, url], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', bytes => (output += bytes))
  child.stderr.on('data', bytes => (output += bytes))
  return new Promise(resolve => child.on('close', () => resolve(output)))
}
