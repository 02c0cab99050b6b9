/*
 * Runs jobs in the runtime that runs this program. The arguments: the file with the jobs, as JSON; the file for the logs; how
 * many jobs are run at a time.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { WebSocket, WebSocketError, WebSocketStream } from '#lib/entry/node.js'
import { runJobs } from './client.ts'
import type { Job } from './scenario.ts'
import { scenarios } from './scenarios.ts'

// The errors that a client makes are of the class that it tests.
Reflect.set(globalThis, 'ScenarioError', WebSocketError)
const [input, output, parallel] = process.argv.slice(2)
const urls = new Map(JSON.parse(readFileSync(input!, 'utf8')) as [name: string, url: string][])
const jobs: Job[] = scenarios
  .filter(({ name }) => urls.has(name))
  .map(({ name, client }) => ({ name, client, url: urls.get(name)! }))
const logs = await runJobs(jobs, { WebSocket: WebSocket as never, WebSocketStream }, Number(parallel))
writeFileSync(output!, JSON.stringify(jobs.map(({ name }, index) => [name, logs[index]])))
process.exit(0)
