import { measureMemory } from './memory.ts'
import { measureTimes } from './times.ts'

/*
 * node build/scripts/bench-compression/main.js
 *
 * Measures what compression costs, and prints the tables of docs/security.md: CPU time by message size and level, time on the
 * thread pool, and the memory that compression adds to an idle connection.
 */

console.log(await measureTimes())
console.log()
console.log(await measureMemory())
