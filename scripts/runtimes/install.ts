import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { findRuntimes, folder } from './runtimes.ts'

/* Installs the other runtimes into the folder `packages`, and says where they are. About a gigabyte. */

const { status, error } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
if (error !== undefined) throw error
for (const { name, version, executable } of findRuntimes()) console.log(`${name}\t${version}\t${executable}`)
process.exitCode = status ?? 1
