import { captureIoContext, type IoContext, perIoContext } from '../host/io-context.ts'
import { TaskQueue } from './task-queue.ts'
import { TurnCounter } from './turn.ts'

/**
 * State that the sockets of one event loop share. On Node.js, Bun and Deno there is one for the process. On workerd each request has
 * its own: a callback runs within the request that has scheduled it, and never if that request has ended.
 */
export interface EventLoop {
  readonly io: IoContext
  readonly tasks: TaskQueue
  readonly turns: TurnCounter
}

const loopOf = perIoContext<EventLoop>(io => ({ io, tasks: new TaskQueue(), turns: new TurnCounter() }))

/** The event loop of the caller. */
export function currentEventLoop(): EventLoop {
  return loopOf(captureIoContext())
}
