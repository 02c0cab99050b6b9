/**
 * Calls code of the user that may fail in any way: by an exception, or by a promise if it is an async function.
 *
 * @param failed is told the error; without it, what becomes of the call does not matter
 */
export function attempt(call: () => unknown, failed: (error: unknown) => void = () => {}): void {
  try {
    Promise.resolve(call()).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** Makes an Error of a value that code of the user threw: the host takes another value for no error, or reads its `code`. */
export function asError(error: unknown): Error {
  try {
    void Object(error).code
    return error instanceof Error ? error : new Error(String(error))
  } catch {
    return new Error('for an unknown reason')
  }
}
