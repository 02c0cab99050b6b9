import { readFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answer, type HttpResponse } from '../server/http-resources.ts'

/** The path of the server below which browsers load the modules of the runner. */
export const modulePath = '/whatwg-websocket-wpt/'
/** The path of the server below which browsers load the library. */
export const libraryPath = '/whatwg-websocket/'

const folders: ReadonlyMap<string, string> = new Map([
  [modulePath, fileURLToPath(new URL('..', import.meta.url))],
  [libraryPath, fileURLToPath(new URL('../../../dist/', import.meta.url))],
])

/** Answers with a module of this package. Does nothing and returns false for another path. */
export async function serveModule(response: HttpResponse, { pathname }: URL): Promise<boolean> {
  for (const [path, folder] of folders) {
    if (!pathname.startsWith(path)) continue
    const file = normalize(join(folder, pathname.slice(path.length)))
    const source = file.startsWith(folder) ? await readFile(file, 'utf8').catch(() => undefined) : undefined
    if (source === undefined) answer(response, 404, '')
    else answer(response, 200, source, { 'Content-Type': 'text/javascript' })
    return true
  }
  return false
}
