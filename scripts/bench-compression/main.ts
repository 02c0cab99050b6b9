import { measureMemory } from './memory.ts'
import { measureTimes } from './times.ts'

/*
 * node build/scripts/bench-compression/main.js
 *
 * What compression costs, as the tables of docs/security.md: where it pays, what a level costs, from which size on it is
 * better done off the event loop, and how much memory an idle connection keeps for it.
 */

console.log(await measureTimes())
console.log()
console.log(await measureMemory())
