import { AsyncLocalStorage } from 'node:async_hooks'
import { watchUpgrades } from '#lib/host/host.js'
import type { Pipe, PipeSink, ResponseHead, Upgrade, UpgradeRequest } from '#lib/transport/pipe.js'
import { FrameScanner, type WireFrame } from './frame-scanner.ts'

export type Direction = 'sent' | 'received'

/** Is told what is on the wire of one connection, below the WebSocket API. */
export interface Watcher {
  request(request: UpgradeRequest): void
  response(head: ResponseHead): void
  /** Undefined if nobody looks at frames, which then cost nothing. */
  readonly frame?: ((direction: Direction, frame: WireFrame) => void) | undefined
}

const watchers = new AsyncLocalStorage<Watcher>()

/** Calls `construct`, and has all connections that are made within the call watched. */
export function watched<Result>(watcher: Watcher, construct: () => Result): Result {
  return watchers.run(watcher, construct)
}

watchUpgrades(upgrade => {
  const watcher = watchers.getStore()
  return watcher === undefined ? upgrade : watchUpgrade(upgrade, watcher)
})

function watchUpgrade(upgrade: Upgrade, watcher: Watcher): Upgrade {
  return (request, handler) => {
    watcher.request(request)
    return upgrade(request, {
      upgraded(head, pipe) {
        watcher.response(head)
        handler.upgraded(head, watcher.frame === undefined ? pipe : watchPipe(pipe, watcher.frame.bind(watcher)))
      },
      refused(head, body) {
        watcher.response(head)
        handler.refused(head, body)
      },
      failed: error => handler.failed(error),
    })
  }
}

/** A pipe that passes everything on, and reports the frames in both directions. */
function watchPipe(pipe: Pipe, report: NonNullable<Watcher['frame']>): Pipe {
  const outgoing = new FrameScanner(frame => report('sent', frame))
  const incoming = new FrameScanner(frame => report('received', frame))
  return {
    start: sink => pipe.start(watchSink(sink, incoming)),
    write(bytes, more) {
      outgoing.scan(bytes)
      return pipe.write(bytes, more)
    },
    end: () => pipe.end(),
    abort: reason => pipe.abort(reason),
    pause: () => pipe.pause(),
    resume: () => pipe.resume(),
    get buffered() {
      return pipe.buffered
    },
    get givesBack() {
      return pipe.givesBack
    },
    ref: () => pipe.ref?.(),
    unref: () => pipe.unref?.(),
  }
}

function watchSink(sink: PipeSink, incoming: FrameScanner): PipeSink {
  return {
    data(bytes) {
      incoming.scan(bytes)
      sink.data(bytes)
    },
    ...(sink.room === undefined ? {} : { room: () => sink.room!() }),
    drain: () => sink.drain(),
    end: () => sink.end(),
    close: error => sink.close(error),
  }
}
