import process from 'node:process'

/** Writes to standard output. What fails is an event `error` of the stream; Deno throws it as well. */
export function write(content: string | Uint8Array): void {
  try {
    process.stdout.write(content)
  } catch (error) {
    process.stdout.emit('error', error)
  }
}
