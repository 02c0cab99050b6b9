import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { installDebianPackages } from '../../scripts/ensure-chromium/debian.ts'

const LIBRARIES = '/usr/lib'
const NAME = 'faketime/libfaketimeMT.so.1'

/**
 * The library of Debian's package `faketime`, which is installed if it is not there: loaded into a process, it changes the clocks
 * that the process sees.
 *
 * @throws if there is none, and it cannot be installed
 */
export function ensureFaketime(): string {
  const find = (): string | undefined =>
    readdirSync(LIBRARIES)
      .map(folder => join(LIBRARIES, folder, NAME))
      .find(path => existsSync(path))
  const found = find()
  if (found !== undefined) return found
  installDebianPackages(['faketime'])
  const installed = find()
  if (installed === undefined) throw new Error(`Debian's package "faketime" cannot be installed`)
  return installed
}

/** The environment of a process whose clocks follow a file: what is written there, such as "+10m", is the offset at once. */
export function faketimeEnvironment(library: string, file: string, clocks: 'all' | 'wall'): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: clocks === 'wall' ? '1' : '0',
  }
}
