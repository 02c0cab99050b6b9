import { Duplex } from 'node:stream'
import type { HeldStream } from './deno-tls.ts'
import type { Pipe } from './pipe.ts'

/**
 * A pipe as a duplex stream of Node.js, for TLS over it. The types of Node.js are unknown to programs for other hosts, so the
 * declaration does not name them.
 *
 * @param pipe not started yet
 * @returns a `HeldStream`
 */
export function pipeStream(pipe: Pipe): object {
  let held = false
  let ended = false
  /** The callbacks of writes that wait for the pipe to drain. */
  let waiting: (() => void)[] = []
  const proceed = (): void => {
    const callbacks = waiting
    waiting = []
    for (const callback of callbacks) callback()
  }
  const stream = new Duplex({
    // The peer's end must not end our side before TLS has said so.
    allowHalfOpen: true,
    read() {
      if (!held) pipe.resume()
    },
    write(bytes: Uint8Array, _encoding, callback) {
      // The pipe owns what it is given, unless it gives it back.
      if (pipe.write(pipe.givesBack ? bytes : new Uint8Array(bytes), false)) callback()
      else waiting.push(callback)
    },
    final(callback) {
      pipe.end()
      callback()
    },
    destroy(error, callback) {
      pipe.abort(error)
      callback(error)
    },
  }) as HeldStream
  stream.hold = () => {
    held = true
    pipe.pause()
  }
  stream.release = () => {
    held = false
    pipe.resume()
  }
  pipe.start({
    data(bytes) {
      if (!stream.destroyed && !stream.push(new Uint8Array(bytes))) pipe.pause()
    },
    drain: proceed,
    end() {
      ended = true
      if (!stream.destroyed) stream.push(null)
    },
    close(error) {
      // Behind a regular end the stream gives out what it holds, and destroys itself.
      if (error !== undefined || !ended) stream.destroy(error as Error | undefined)
      proceed()
    },
  })
  return stream
}
