/**
 * Installs Chromium for the tests that need it, if it is missing. It uses apt-get, so it works on Debian and its derivatives. CI
 * runs it before the tests. The exit code is 1 if there is no Chromium in the end.
 */
import process from 'node:process'
import { findChromium } from '../../wpt/runner/chromium.ts'
import { installDebianPackages } from './debian.ts'

if (findChromium() === undefined) installDebianPackages(['chromium'])
const found = findChromium()
console.log(found === undefined ? 'There is no Chromium, and it cannot be installed here' : `Chromium is ${found}`)
process.exitCode = found === undefined ? 1 : 0
