/** The parts of package.json that count here. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
  readonly scripts?: Record<string, string>
}

export interface Problem {
  readonly text: string
  /** Whether it keeps the release back. */
  readonly blocks: boolean
}

export interface Evidence {
  readonly manifest: Manifest
  readonly changelog: string
  /** The output of `git status --porcelain`. */
  readonly changedFiles: string
  /** The output of `npm sbom` and of `npm audit --json`, of what ships. */
  readonly sbom: string
  readonly audit: string
}

/** What speaks against a release. */
export function findProblems({ manifest, changelog, changedFiles, sbom, audit }: Evidence): Problem[] {
  return [
    ...checkDependencies(manifest, sbom),
    ...checkChangelog(manifest.version, changelog),
    ...checkAudit(audit),
    ...(changedFiles.trim() === '' ? [] : [{ text: 'files are changed and not committed', blocks: false }]),
  ]
}

/** Whoever installs the package gets nothing else, and runs no script. */
function checkDependencies(manifest: Manifest, sbom: string): Problem[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
  const required = Object.keys(peerDependencies).filter(name => peerDependenciesMeta[name]?.optional !== true)
  const names = [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...required]
  const problems = names.map(name => ({ text: `the package depends on ${name}`, blocks: true }))
  for (const name of ['preinstall', 'install', 'postinstall']) {
    if (manifest.scripts?.[name] !== undefined) problems.push({ text: `a script runs at "${name}"`, blocks: true })
  }
  const { components = [] } = parse<{ components?: { name: string }[] }>(sbom) ?? {}
  for (const { name } of components) problems.push({ text: `the bill of materials lists ${name}`, blocks: true })
  return problems
}

function checkChangelog(version: string, changelog: string): Problem[] {
  const headings = [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!)
  const heading = headings.find(text => text.includes(version))
  if (heading === undefined) return [{ text: `CHANGELOG.md has no section for ${version}`, blocks: true }]
  const dated = /\d{4}-\d{2}-\d{2}/.test(heading)
  return dated ? [] : [{ text: `the section for ${version} in CHANGELOG.md has no date yet`, blocks: false }]
}

function checkAudit(audit: string): Problem[] {
  const { metadata } = parse<{ metadata?: { vulnerabilities: { total: number } } }>(audit) ?? {}
  if (metadata === undefined) return [{ text: 'npm audit gave no answer, as without a network', blocks: false }]
  const { total } = metadata.vulnerabilities
  return total === 0 ? [] : [{ text: `npm audit knows ${total} weaknesses of what ships`, blocks: true }]
}

function parse<Value>(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value
  } catch {
    return undefined
  }
}
