// The worker is one file, in which workerd finds its own module.
const { readdirSync, readFileSync } = require('node:fs')

const files = readdirSync('worker')
if (files.join() !== 'worker.mjs') throw new Error(`There is more than one file: ${files.join(', ')}`)
const text = readFileSync('worker/worker.mjs', 'utf8')
if (!/import\(\s*(?:\/\*.*?\*\/)?\s*["']cloudflare:sockets["']\)/.test(text))
  throw new Error('The import of cloudflare:sockets is missing')
