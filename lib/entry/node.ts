import { setImmediate } from 'node:timers'
import { provideHost } from '../api/host.ts'
import { nodePlatform } from '../platform/node.ts'
import { connect, locate } from '../transport/node.ts'

provideHost({
  platform: nodePlatform,
  queueTask: task => void setImmediate(task),
  connect,
  locate,
})

export * from './exports.ts'
// A star does not carry it.
export { default } from './exports.ts'
