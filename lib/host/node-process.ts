/**
 * The process object of Node.js, Bun and Deno, and functions of it, taken at load: a program may delete or replace them. On
 * workerd it is undefined without the flag `nodejs_compat`.
 *
 * Not by an import of `node:process`: on Node.js that reads every property of the object, and so opens the standard streams,
 * which takes a quarter of the time of loading the package (bench: import).
 */
export const process: typeof globalThis.process = globalThis.process

/** Undefined if a test has put a fake there before the package was loaded, as Jest can: fakes are marked by their clock. */
export const nextTick: ((callback: () => void) => void) | undefined = Object.hasOwn(process?.nextTick ?? {}, 'clock')
  ? undefined
  : process?.nextTick

/** Gives a module of the runtime by its name. To be called only where `process` is. */
export const getBuiltinModule: typeof process.getBuiltinModule = process?.getBuiltinModule
