import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { pageLocation } from './page.ts'

interface Answer {
  readonly status: number
  readonly body: string
}

/** A synchronous GET: another process does it, while this thread is blocked. */
export function fetchSync(url: string): Answer {
  const script = fileURLToPath(new URL('sync-fetch-process.js', import.meta.url))
  const flags = 'Deno' in globalThis ? ['run', '--allow-net'] : []
  return JSON.parse(execFileSync(process.execPath, [...flags, script, url], { encoding: 'utf8' })) as Answer
}

/** The parts of XMLHttpRequest that a synchronous GET needs. */
export class SyncXMLHttpRequest {
  status = 0
  responseText = ''
  #url = ''

  open(_method: string, url: string, asynchronous = true): void {
    if (asynchronous) throw new Error('this XMLHttpRequest is synchronous only')
    this.#url = new URL(url, pageLocation().href).href
  }

  send(): void {
    const { status, body } = fetchSync(this.#url)
    this.status = status
    this.responseText = body
  }
}
