import type { AsyncContext } from '../../host/async-context.ts'
import { ConnectionError } from '../../protocol/errors.ts'
import { type ConnectTarget, ExplainedError, type Opened } from '../../transport/connect.ts'
import { duplexPipe } from '../../transport/duplex.ts'
import { GuardedPipe } from '../../transport/guarded-pipe.ts'
import { isNodeStream, openNodeStream } from '../../transport/node-stream.ts'
import type { Pipe } from '../../transport/pipe.ts'
import { isDuplex, isPipe, TRANSPORTS } from '../options/connect.ts'
import type { Settings } from '../options.ts'
import { type Route, wayOver } from '../way.ts'
import { openByHost } from './direct.ts'

/** The option `connect`. */
export const byConnect: Route = {
  needsAddress: false,
  option: 'connect',

  async open(target, settings, context) {
    return wayOver(await openPipe(target, settings, context), target)
  },
}

/**
 * The option `connect` with `http2: 'only'`: HTTP/2 over the pipe that it opens, by prior knowledge. Sockets of an origin that
 * pass the same function share its pipe.
 */
export const http2ByConnect: Route = {
  needsAddress: false,

  open(target, settings, context, trace) {
    return openByHost(target, settings, trace, {
      name: '',
      owner: settings.connect!,
      isEncrypted: true,
      async open(signal) {
        try {
          return await openPipe({ ...target, signal }, settings, context)
        } catch (error) {
          // An error of the user's code is a cause, even if it is a failure of another socket of this package.
          throw error instanceof ConnectionError ? new ExplainedError(error.message, { cause: error }) : error
        }
      },
    })
  },
}

async function openPipe(target: ConnectTarget, { connect }: Settings, context: AsyncContext): Promise<Pipe> {
  return new GuardedPipe(await asPipe(await connect!(target), target), context)
}

function asPipe(opened: Opened, { signal }: ConnectTarget): Pipe | PromiseLike<Pipe> {
  if (isPipe(opened)) return opened
  if (isNodeStream(opened)) return openNodeStream(opened, signal)
  if (isDuplex(opened)) return duplexPipe(opened)
  throw new TypeError(`The option "connect" must return ${TRANSPORTS}`)
}
