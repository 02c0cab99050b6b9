/** The host's class at load, as all errors of the standard are made of: one that is put on the global scope later is another. */
export const DOMException: typeof globalThis.DOMException = globalThis.DOMException
