import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runTypeDoc } from './typedoc.ts'

const usage = `npm run api    writes the API reference to build/api, made by TypeDoc from the docstrings

  -h, --help   print this`

const root = fileURLToPath(new URL('../../..', import.meta.url))

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
if (values.help) console.log(usage)
else process.exitCode = runTypeDoc(['--out', join(root, 'build/api')])
