import process from 'node:process'

/** Writes to standard output. What fails is an event `error` of the stream; Deno throws it as well. */
export function write(content: string | Uint8Array): void {
  try {
    process.stdout.write(content)
  } catch (error) {
    process.stdout.emit('error', error)
  }
}

/**
 * Calls back once the system has all that was written to a standard stream, which must not be written to afterwards.
 *
 * Bun calls back for an empty write before a pipe has what was written ahead of it, but not for the end. A terminal is not ended: it
 * belongs to others as well.
 */
export function finish(stream: NodeJS.WriteStream, then: () => void): void {
  if (process.versions.bun === undefined || stream.isTTY === true) {
    stream.write('', then)
    return
  }
  let isDone = false
  const done = (): void => {
    if (!isDone) then()
    isDone = true
  }
  // After an error, Bun never calls back.
  stream.once('error', done)
  stream.end(done)
}
