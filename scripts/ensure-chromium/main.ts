/**
 * Installs Chromium for the tests that need it, if it is missing. It uses apt-get, so it works on Debian and its derivatives, as
 * root. CI runs it before the tests. The exit code is 1 if there is no Chromium in the end.
 */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { findChromium } from '../../wpt/runner/chromium.ts'

if (findChromium() === undefined) install()
const found = findChromium()
console.log(found === undefined ? 'There is no Chromium, and it cannot be installed here' : `Chromium is ${found}`)
process.exitCode = found === undefined ? 1 : 0

function install(): void {
  if (process.getuid?.() !== 0) return
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    const { status } = spawnSync('apt-get', words, { stdio: 'inherit', env: environment })
    if (status !== 0) return
  }
}
