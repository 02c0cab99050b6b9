import { stream } from '../platform/builtins.ts'
import type { Ciphertext } from './deno-tls.ts'
import type { Pipe } from './pipe.ts'

/**
 * A pipe as a duplex stream of Node.js, for TLS over it.
 *
 * @param pipe not started yet
 */
export function pipeStream(pipe: Pipe): Ciphertext {
  let held = false
  let ended = false
  /** The callbacks of writes that wait for the pipe to drain. */
  let waiting: (() => void)[] = []
  const proceed = (): void => {
    const callbacks = waiting
    waiting = []
    for (const callback of callbacks) callback()
  }
  const { Duplex } = stream()
  const duplex = new Duplex({
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
  })
  pipe.start({
    data(bytes) {
      if (!duplex.destroyed && !duplex.push(new Uint8Array(bytes))) pipe.pause()
    },
    drain: proceed,
    end() {
      ended = true
      if (!duplex.destroyed) duplex.push(null)
    },
    close(error) {
      // After a regular end the stream gives out the bytes that it holds, and destroys itself.
      if (error !== undefined || !ended) duplex.destroy(error as Error | undefined)
      proceed()
    },
  })
  return {
    duplex,
    hold() {
      held = true
      pipe.pause()
    },
    release() {
      held = false
      pipe.resume()
    },
  }
}
