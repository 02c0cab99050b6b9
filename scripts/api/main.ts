import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { runTypeDoc } from './typedoc.ts'

/* npm run api: the API reference, made by TypeDoc from the docstrings. */

const root = fileURLToPath(new URL('../../..', import.meta.url))

process.exitCode = runTypeDoc(['--out', join(root, 'build/api')])
