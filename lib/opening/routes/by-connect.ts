import type { ConnectTarget, Opened } from '../../transport/connect.ts'
import { duplexPipe } from '../../transport/duplex.ts'
import { GuardedPipe } from '../../transport/guarded-pipe.ts'
import { isNodeStream, openNodeStream } from '../../transport/node-stream.ts'
import type { Pipe } from '../../transport/pipe.ts'
import { ContextPipe } from '../context-pipe.ts'
import { isDuplex, isPipe } from '../options/connect.ts'
import { type Route, wayOver } from '../way.ts'

/** The option `connect`. */
export const byConnect: Route = {
  needsAddress: false,
  isForeign: true,

  async open(target, { connect }, context) {
    const bytes = await asPipe(await connect!(target), target)
    return wayOver(new ContextPipe(new GuardedPipe(bytes), context), target)
  },
}

function asPipe(opened: Opened, { signal }: ConnectTarget): Pipe | PromiseLike<Pipe> {
  if (isPipe(opened)) return opened
  if (isNodeStream(opened)) return openNodeStream(opened, signal)
  if (isDuplex(opened)) return duplexPipe(opened)
  const wanted = 'neither a Pipe nor a duplex stream of Node.js nor an object with a readable and a writable stream'
  throw new TypeError(`The option "connect" returned ${wanted}`)
}
