import type { AsyncContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { ConnectTarget, Opened } from '../transport/connect.ts'
import { duplexPipe } from '../transport/duplex.ts'
import { GuardedPipe } from '../transport/guarded-pipe.ts'
import { upgradeOver } from '../transport/http1.ts'
import { isNodeStream, openNodeStream } from '../transport/node-stream.ts'
import type { HttpVersion, Pipe, PipeSink, Upgrade } from '../transport/pipe.ts'
import { ContextPipe } from './context-pipe.ts'
import { isDuplex, isPipe } from './options/connect.ts'
import type { Settings } from './options.ts'

/** An open way to the server, over which one opening handshake is made. */
export interface Way {
  readonly http: HttpVersion
  readonly upgrade: Upgrade
  /** Drops the way. To be called if `upgrade` is not. */
  abort(): void
  /** Whether the way keeps the process alive, as it does by default. Called until the handshake is over. */
  ref(): void
  unref(): void
}

/** How a way to the server is opened. Each choice between transports is a route. */
export interface Route {
  /** Whether the library has to resolve the server's name first: its address then tells the connection queue apart. */
  readonly needsAddress: boolean
  /**
   * Opens a way. Rejects with any error, which becomes the `cause` of WS_ERR_CONNECT, or with a ConnectionError, which is the
   * failure itself.
   *
   * @param context in which the code of the user is called
   */
  open(target: ConnectTarget, settings: Settings, context: AsyncContext): PromiseLike<Way>
}

/** The route that the options of a socket ask for. */
export function chooseRoute({ connect, http2 }: Settings): Route {
  if (connect !== undefined) return byConnect
  return http2 === false ? direct : overHttp2
}

/** TCP, and TLS over it for wss, by the host's transport. */
const direct: Route = {
  needsAddress: true,

  async open(target, { tls, keepAlive }) {
    if (host.connect === undefined) throw new TypeError('This host has no transport: pass the option "connect"')
    return wayOver(await host.connect(target, tls, keepAlive), target)
  },
}

/** The option `http2`: a place on a connection that sockets share, or HTTP/1.1. */
const overHttp2: Route = {
  needsAddress: true,

  async open(target, settings, context) {
    const { http2, tls, keepAlive } = settings
    if (http2 === false || host.connectHttp2 === undefined) {
      if (http2 === 'only') throw new ConnectionError('WS_ERR_HTTP2', 'This host has no transport for HTTP/2')
      return direct.open(target, settings, context)
    }
    const opened = await host.connectHttp2(target, http2, tls, keepAlive)
    return isPipe(opened) ? wayOver(opened, target) : opened
  },
}

/** The option `connect`. */
const byConnect: Route = {
  needsAddress: false,

  async open(target, { connect, http2 }, context) {
    if (http2 === 'only') throw new ConnectionError('WS_ERR_HTTP2', 'Over what "connect" opens, HTTP/1.1 is spoken')
    const bytes = await asPipe(await connect!(target), target)
    return wayOver(new ContextPipe(new GuardedPipe(bytes), context), target)
  },
}

/** HTTP/1.1 over a pipe to the server. */
function wayOver(pipe: Pipe, { secure }: ConnectTarget): Way {
  return {
    http: '1.1',
    upgrade: upgradeOver(pipe, secure),
    abort() {
      pipe.start(NULL_SINK)
      pipe.abort()
    },
    ref: () => pipe.ref?.(),
    unref: () => pipe.unref?.(),
  }
}

function asPipe(opened: Opened, { signal }: ConnectTarget): Pipe | PromiseLike<Pipe> {
  if (isPipe(opened)) return opened
  if (isNodeStream(opened)) return openNodeStream(opened, signal)
  if (isDuplex(opened)) return duplexPipe(opened)
  const wanted = 'neither a Pipe nor a duplex stream of Node.js nor an object with a readable and a writable stream'
  throw new TypeError(`The option "connect" returned ${wanted}`)
}

/** The sink of a pipe that came too late: it ignores everything. */
const NULL_SINK: PipeSink = { data() {}, drain() {}, end() {}, close() {} }
