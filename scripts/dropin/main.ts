import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { installTools, manifestOf, nameRuntimes, packPackage, projectsFolder, runProject } from './project.ts'

const usage = `npm run dropin -- [PROJECT...]    tries the package in these projects, by default in those that are quick

A project is a folder of scripts/dropin/projects with a package.json, whose script "test" uses the package by some tool or
framework. The package is unpacked from its tarball, and the tools are installed once for all projects. Prints a line for each
project; the exit code is 1 if one fails, 2 if there is no such project.

  --all       all projects, the slow ones as well: minutes, most of them for TypeScript
  --list      print the projects and what they are
  -h, --help  print this`

process.exitCode = main(process.argv.slice(2))

function main(commandLine: string[]): number {
  const { values, positionals } = parseArgs({
    args: commandLine,
    options: { all: { type: 'boolean' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const all = readdirSync(projectsFolder).filter(name => existsSync(join(projectsFolder, name, 'package.json')))
  if (values.list === true) {
    for (const name of all) console.log(`${name}\t${describe(name)}${manifestOf(name).slow === true ? ' (slow)' : ''}`)
    return 0
  }
  const unknown = positionals.find(name => !all.includes(name))
  if (unknown !== undefined) {
    console.error(`There is no project "${unknown}"\n\n${usage}`)
    return 2
  }
  if (positionals.length > 0) return runAll(positionals)
  return runAll(all.filter(name => values.all === true || manifestOf(name).slow !== true))
}

function runAll(names: readonly string[]): number {
  installTools()
  nameRuntimes()
  const tarball = packPackage()
  let failed = 0
  for (const name of names) {
    const start = performance.now()
    const { exitCode, output } = runProject(name, tarball)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s): ${describe(name)}`)
    // A project prints which file of the package ran, and the version of its tool.
    if (exitCode === 0) for (const [, line] of output.matchAll(/^ *# (.*)/gm)) console.log(`       ${line}`)
    else console.log(output.replace(/^/gm, '       '))
    if (exitCode !== 0) failed += 1
  }
  console.log(`${names.length - failed} projects passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function describe(name: string): string {
  return manifestOf(name).description ?? ''
}
