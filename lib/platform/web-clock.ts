const { performance } = globalThis

/** `performance.now` as it was when the package was loaded: a program may replace it later, as test frameworks do. */
export const now: () => number =
  typeof performance === 'object' ? performance.now.bind(performance) : () => globalThis.performance.now()
