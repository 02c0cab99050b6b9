import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findChromium } from '../../wpt/runner/chromium.ts'
import type { Trip } from './row.ts'

/** Starts Chromium without a window, until the trip is over. */
export async function startChromium(trip: Trip): Promise<{ url: string; port: number }> {
  const program = findChromium()
  if (program === undefined) throw new Error('There is no Chromium: node build/scripts/ensure-chromium/main.js')
  const profile = mkdtempSync(join(tmpdir(), 'libraries-chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
  ]
  const child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
  trip.after(async () => {
    const ended = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGKILL')
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  for await (const line of createInterface(child.stderr)) {
    const [, url] = /^DevTools listening on (\S+)/.exec(line) ?? []
    if (url === undefined) continue
    child.stderr.resume()
    return { url, port: Number(new URL(url).port) }
  }
  throw new Error('Chromium does not start')
}
