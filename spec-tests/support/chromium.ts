import process from 'node:process'
import { type Browser, chromium } from 'playwright-core'
import { findChromium } from '../../wpt/runner/chromium.ts'

/** Starts the Chromium of this machine, which asks nobody on the Internet for anything. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    throw new Error('there is no Chromium: node build/scripts/ensure-chromium/main.js installs it')
  }
  const args = ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  if (process.getuid?.() === 0) args.push('--no-sandbox')
  return await chromium.launch({ executablePath, args })
}
