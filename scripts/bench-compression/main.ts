import { parseArgs } from 'node:util'
import { measureMemory } from './memory.ts'
import { measureTimes } from './times.ts'

const usage = `node build/scripts/bench-compression/main.js    measures what compression costs: the tables of docs/security.md

CPU time by message size and level, time on the thread pool, and the memory that compression adds to an idle connection. Takes
minutes, on a machine that does nothing else.

  -h, --help   print this`

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
if (values.help) console.log(usage)
else {
  console.log(await measureTimes())
  console.log()
  console.log(await measureMemory())
}
