import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answer, type HttpResponse } from '../server/http-resources.ts'

/** Below this path of the server a browser finds the modules of this package. */
export const modulePath = '/whatwg-websocket-wpt/'

const buildFolder = fileURLToPath(new URL('..', import.meta.url))

/**
 * Answers with a module of this package, or of chai, which the ports assert with. A bare name becomes an address, since import
 * maps do not reach workers. Does nothing and returns false for another path.
 */
export async function serveModule(response: HttpResponse, { pathname }: URL): Promise<boolean> {
  if (!pathname.startsWith(modulePath)) return false
  const path = pathname.slice(modulePath.length)
  const file = path === 'chai.js' ? createRequire(import.meta.url).resolve('chai') : normalize(join(buildFolder, path))
  const inside = path === 'chai.js' || file.startsWith(buildFolder)
  const source = inside ? await readFile(file, 'utf8').catch(() => undefined) : undefined
  if (source === undefined) answer(response, 404, '')
  else {
    const body = source.replaceAll(/from ['"]chai['"]/g, `from '${modulePath}chai.js'`)
    answer(response, 200, body, { 'Content-Type': 'text/javascript' })
  }
  return true
}
