/* Runs the server of the row that its first argument names, with the `Settings` in the second, as JSON. */

import process from 'node:process'
import type { Row } from './row.ts'

const [, , file, settings] = process.argv
const { row } = (await import(`./rows/${file}.js`)) as { row: Row }
await row.serve!(JSON.parse(settings!))
