/**
 * The host's class at load, as all errors of the standard are made of: one that is put on the global scope later is another.
 * React Native has none: there it is an Error with the name that a DOMException would have.
 */
export const DOMException: typeof globalThis.DOMException =
  globalThis.DOMException ??
  (class extends Error {
    constructor(message: string, name: string) {
      super(message)
      this.name = name
    }
  } as unknown as typeof globalThis.DOMException)
