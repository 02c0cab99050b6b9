/**
 * RFC 6455 section 4.1, step 2: at most one connection to a remote host and port is being opened at a time; the others
 * wait in order.
 */

/** The last in line for each remote host: settled when it is done. */
const lines = new Map<string, Promise<void>>()

/**
 * Waits for the turn to connect.
 *
 * @param key the remote host and port
 * @returns what is to be called when the connection is open, or has failed, or is no longer wanted
 */
export async function enterConnectionQueue(key: string): Promise<() => void> {
  const before = lines.get(key)
  let leave!: () => void
  const done = new Promise<void>(resolve => {
    leave = resolve
  })
  const last = before === undefined ? done : before.then(() => done)
  lines.set(key, last)
  await before
  return () => {
    leave()
    if (lines.get(key) === last) lines.delete(key)
  }
}
