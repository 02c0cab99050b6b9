import { process } from '../host/node-process.ts'

const FLAG = '--use-env-proxy'

/**
 * Whether the process was told to use the proxies that its environment variables name, as Node.js 24 and later is told.
 *
 * @see https://nodejs.org/api/cli.html#--use-env-proxy
 */
export function usesEnvironmentProxy(): boolean {
  const { NODE_USE_ENV_PROXY, NODE_OPTIONS = '' } = process.env
  const flags = [...NODE_OPTIONS.split(/\s+/), ...process.execArgv]
  // The last one counts, and any stands before the variable.
  const flag = flags.findLast(one => one === FLAG || one === FLAG.replace('--', '--no-'))
  return flag === undefined ? NODE_USE_ENV_PROXY === '1' : flag === FLAG
}
