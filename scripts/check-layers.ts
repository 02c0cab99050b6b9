import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { checkLayers } from './check/layers.ts'
import { report } from './check/violation.ts'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const { files, violations } = checkLayers(root)
process.exitCode = report('layers', violations, `${files} files, imports point one way`)
