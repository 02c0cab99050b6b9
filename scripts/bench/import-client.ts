/**
 * The client process that measures an import. It is not part of client.ts, whose own imports would already have loaded parts of
 * the runtime, which then would not be counted.
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
