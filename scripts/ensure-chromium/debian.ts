import { spawnSync } from 'node:child_process'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * Installs packages of Debian with apt-get, as root or with sudo without a password. Whether that worked is for the caller to see:
 * elsewhere there is no apt-get. What it prints goes to standard error. Scripts that install at the same time wait for each other:
 * apt-get itself fails where another one has its lists.
 */
export function installDebianPackages(names: readonly string[]): void {
  // No service of the system shall listen on the ports of the packages.
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '--quiet']
  const words = process.getuid?.() === 0 ? environment : ['sudo', '--non-interactive', ...environment]
  const lock = join(tmpdir(), `whatwg-websocket-apt-${userInfo().username}.lock`)
  for (const more of [['update'], ['install', '--yes', '--no-install-recommends', ...names]]) {
    spawnSync('flock', [lock, ...words, ...more], { stdio: ['ignore', process.stderr, 'inherit'] })
  }
}
