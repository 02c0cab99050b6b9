'use strict'
// Copied into each project. Runs programs in other processes, with the URL of an echo server as their last argument.
const { spawn } = require('node:child_process')
const { withServer } = require('./exchange.cjs')

/** The versions of Node.js at hand, by name: the one that runs this, and those that `npm run runtimes` has installed. */
exports.nodes = {
  [`Node.js ${process.version}`]: process.execPath,
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^RUNTIME_NODE2[246]$/.test(name))),
}

/** The path of Bun or Deno. */
exports.runtime = name => {
  const executable = process.env[`RUNTIME_${name.toUpperCase()}`]
  if (executable === undefined) throw new Error(`${name} is not installed: npm run runtimes -- ${name}`)
  return executable
}

/** Runs a program, which has to print `expected` and nothing else. Resolves with the lines that begin with "# ". */
exports.expectOutput = async (executable, commandLine, expected = 'text 1000') => {
  const { exitCode, output } = await withServer(url => run(executable, [...commandLine, url]))
  const lines = output.trim().split('\n')
  const printed = lines.filter(line => !line.startsWith('# ')).join('\n')
  if (exitCode !== 0 || printed !== expected) {
    throw new Error(`${executable} ${commandLine.join(' ')}: exit code ${exitCode}\n${output}`)
  }
}

function run(executable, commandLine) {
  const child = spawn(executable, commandLine, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  let output = ''
  child.stdout.on('data', bytes => (output += bytes))
  child.stderr.on('data', bytes => (output += bytes))
  return new Promise(resolve => child.on('close', exitCode => resolve({ exitCode, output })))
}

/** Runs the steps of a project, and prints what they were done with. */
exports.main = async (what, steps) => {
  try {
    await steps()
    console.log(`# ${what}`)
  } catch (error) {
    console.error(error)
    // Also with a server that still listens.
    process.exit(1)
  }
}
