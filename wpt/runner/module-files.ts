import { readFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answer, type HttpResponse } from '../server/http-resources.ts'

/** The path of the server below which browsers load the modules of this package. */
export const modulePath = '/whatwg-websocket-wpt/'

const buildFolder = fileURLToPath(new URL('..', import.meta.url))

/** Answers with a module of this package. Does nothing and returns false for another path. */
export async function serveModule(response: HttpResponse, { pathname }: URL): Promise<boolean> {
  if (!pathname.startsWith(modulePath)) return false
  const path = pathname.slice(modulePath.length)
  const file = normalize(join(buildFolder, path))
  const source = file.startsWith(buildFolder) ? await readFile(file, 'utf8').catch(() => undefined) : undefined
  if (source === undefined) answer(response, 404, '')
  else answer(response, 200, source, { 'Content-Type': 'text/javascript' })
  return true
}
