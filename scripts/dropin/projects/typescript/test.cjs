'use strict'
// Compiles the programs with each version of TypeScript and each setting, as package.json and tsconfig.json of a user have it.
const { spawnSync } = require('node:child_process')
const { mkdirSync, copyFileSync, writeFileSync, readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')

const versions = ['typescript-5.4', 'typescript-5.7', 'typescript', 'typescript-7']
const all = { strict: true, noEmit: true, target: 'es2022', lib: ['es2022'], types: ['node'] }
const dom = { ...all, lib: ['es2022', 'dom'], types: [] }
const settings = [
  ['commonjs', { ...all, module: 'commonjs', moduleResolution: 'node10' }, ['program.ts']],
  ['commonjs', { ...all, module: 'node16' }, ['program.ts']],
  ['commonjs', { ...all, module: 'nodenext' }, ['program.ts', 'assignable.ts', 'globals.ts']],
  ['module', { ...all, module: 'nodenext' }, ['program.ts', 'assignable.ts', 'globals.ts']],
  ['module', { ...dom, module: 'esnext', moduleResolution: 'bundler' }, ['program.ts', 'assignable.ts', 'globals.ts']],
  // A host of which no types are there.
  ['module', { ...all, module: 'nodenext', types: [] }, ['program.ts', 'globals.ts']],
]

for (const name of versions) {
  const folder = dirname(require.resolve(`${name}/package.json`))
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const [index, [type, options, files]] of settings.entries()) {
    // TypeScript 7 has no node10.
    if (version.startsWith('7') && options.moduleResolution === 'node10') continue
    const project = join(__dirname, `${name}-${index}`)
    mkdirSync(project)
    for (const file of files) copyFileSync(join(__dirname, file), join(project, file))
    writeFileSync(join(project, 'package.json'), JSON.stringify({ type }))
    const esModuleInterop = true
    // Before 5.7, TypeScript takes the relative imports of declarations for errors.
    const skipLibCheck = version.startsWith('5.4')
    const compilerOptions = { ...options, esModuleInterop, skipLibCheck }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/tsc'), '-p', project], {
      encoding: 'utf8',
    })
    if (stdout === '' && stderr === '') continue
    console.log(`TypeScript ${version}, ${type}, ${JSON.stringify(options)}:\n${stdout}${stderr}`)
    process.exitCode = 1
  }
  console.log(`# TypeScript ${version}`)
}
