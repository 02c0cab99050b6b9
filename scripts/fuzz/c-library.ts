import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The release of Debian whose C library is taken. */
const RELEASE = 'trixie'
const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']

/**
 * Unpacks the C library of a newer release of Debian to `folder`, unless it is there, from the mirror that the machine uses anyway. The
 * system keeps its own: only what is started by the loader of that folder takes the new one.
 *
 * @returns what to write before the name of a program; undefined where it cannot be had: another system, no apt-get, no network
 */
export function loaderOfNewerLibrary(folder: string): string[] | undefined {
  const root = join(folder, 'root')
  if (!existsSync(root) && !unpack(folder, root)) return undefined
  const libraries = readdirSync(join(root, 'usr/lib'))
    .map(name => join(root, 'usr/lib', name))
    .find(path => existsSync(join(path, 'libc.so.6')))
  const loader = libraries && readdirSync(libraries).find(name => /^ld-linux.*\.so\.\d+$/.test(name))
  return loader === undefined ? undefined : [join(libraries!, loader), '--library-path', libraries!]
}

function unpack(folder: string, root: string): boolean {
  const mirror = mirrorOfDebian()
  if (mirror === undefined) return false
  const lists = join(folder, 'lists')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  const list = join(folder, 'sources.list')
  writeFileSync(list, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${RELEASE} main\n`)
  const settings = {
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': lists,
    'Dir::Cache': folder,
    // The user of apt-get may not be able to write to the folder.
    'APT::Sandbox::User': 'root',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const run = (program: string, words: readonly string[]): boolean =>
    spawnSync(program, words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!run('apt-get', [...options, 'update']) || !run('apt-get', [...options, 'download', ...PACKAGES])) return false
  return readdirSync(folder)
    .filter(name => name.endsWith('.deb'))
    .every(name => run('dpkg', ['--extract', join(folder, name), root]))
}

/** The address of the mirror from which apt-get has the packages of this release. */
function mirrorOfDebian(): string | undefined {
  const words = ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Identifier: Packages']
  const { stdout } = spawnSync('apt-get', words, { encoding: 'utf8' })
  // Null where there is no such program.
  return /^Debian (\S+)$/m.exec(stdout ?? '')?.[1]
}
