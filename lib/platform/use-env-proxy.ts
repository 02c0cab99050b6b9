import { process } from '../host/node-process.ts'

const FLAG = '--use-env-proxy'
const NO_FLAG = '--no-use-env-proxy'

/**
 * The flag of the process, or of `NODE_OPTIONS`; '' for none. Read by the first connection, and kept: Node.js reads it when a
 * process starts, and each look into the environment takes a microsecond (bench: connect and close).
 */
const given: { flag: string | undefined } = { flag: undefined }

/**
 * Whether the process was told to use the proxies that its environment variables name, as Node.js 24 and later is told.
 *
 * @see https://nodejs.org/api/cli.html#--use-env-proxy
 */
export function usesEnvironmentProxy(): boolean {
  given.flag ??= process.execArgv.findLast(isFlag) ?? process.env.NODE_OPTIONS?.split(/\s+/).findLast(isFlag) ?? ''
  // The last flag counts, and stands before the variable.
  return given.flag === '' ? process.env.NODE_USE_ENV_PROXY === '1' : given.flag === FLAG
}

function isFlag(word: string): boolean {
  return word === FLAG || word === NO_FLAG
}
