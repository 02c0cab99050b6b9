import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { billOfMaterials } from './bill-of-materials.ts'
import { findProblems, type Manifest } from './problems.ts'

const usage = `npm run release -- [options]    check what a release needs, and publish it

  --dry-run    publish nothing
  --sbom FILE  write the software bill of materials (CycloneDX) of what ships
  -h, --help   print this

Run .ci/run before. Publishing is for a CI that can attest the provenance of the package (npm publish --provenance). The exit code is 1
if something is missing. Without a network, the audit is left out, and said to be.`

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    sbom: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) console.log(usage)
else process.exitCode = release(values['dry-run'], values.sbom)

function release(dryRun: boolean, sbomFile: string | undefined): number {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const sbom = run('npm', ['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--omit=optional', '--omit=peer'])
  const audit = run('npm', ['audit', '--omit=dev', '--json'])
  const problems = findProblems({
    manifest,
    changelog: readFileSync(join(root, 'CHANGELOG.md'), 'utf8'),
    changedFiles: run('git', ['status', '--porcelain']),
    sbom,
    audit,
  })
  if (sbomFile !== undefined) writeFileSync(sbomFile, billOfMaterials(sbom, manifest.name))
  const [packed] = JSON.parse(run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'])) as PackResult[]
  const { files, size } = packed!
  console.log(`${manifest.name} ${manifest.version}: ${files.length} files, ${(size / 1000).toFixed(0)} kB packed`)
  for (const { text, blocks } of problems) console.log(`${blocks ? 'problem' : 'note'}: ${text}`)
  if (problems.some(({ blocks }) => blocks)) return 1
  if (dryRun) {
    console.log('ready: npm publish --provenance --access public')
    return 0
  }
  return (
    spawnSync('npm', ['publish', '--provenance', '--access', 'public'], { cwd: root, stdio: 'inherit' }).status ?? 1
  )
}

interface PackResult {
  readonly files: readonly unknown[]
  readonly size: number
}

/** The standard output, whatever the exit code is. */
function run(command: string, words: readonly string[]): string {
  const shell = process.platform === 'win32'
  return spawnSync(command, words, { cwd: root, encoding: 'utf8', shell, timeout: 60_000 }).stdout
}
