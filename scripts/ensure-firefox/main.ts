/**
 * Installs Firefox (Debian's firefox-esr) for the tests that need it, if it is missing, as `ensure-chromium` installs Chromium. The
 * exit code is 1 if there is no Firefox in the end.
 */
import process from 'node:process'
import { findFirefox } from '../../wpt/runner/firefox.ts'
import { installDebianPackages } from '../ensure-chromium/debian.ts'

if (findFirefox() === undefined) installDebianPackages(['firefox-esr'])
const found = findFirefox()
console.log(found === undefined ? 'There is no Firefox, and it cannot be installed here' : `Firefox is ${found}`)
process.exitCode = found === undefined ? 1 : 0
