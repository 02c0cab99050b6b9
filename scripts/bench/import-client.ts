/**
 * The measurement of an import, in a process that has loaded nothing else: what the other client needs of the runtime would
 * be there already, and would count for nobody.
 */
import process from 'node:process'
import { begin, collectGarbage, end, fail, finish } from './measuring.ts'

const modulePath = process.argv[3]!

collectGarbage()
const before = process.memoryUsage().rss
begin()
await import(modulePath).catch(error => fail('failed', String(error)))
const measurement = end(1)
collectGarbage()
finish({ ...measurement, memory: process.memoryUsage().rss - before })
