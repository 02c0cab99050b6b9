import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Stash } from './stash.ts'

/** The parts of a request that resources use, the same in HTTP/1.1 and HTTP/2. */
export interface HttpRequest {
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

export interface HttpResponse {
  writeHead(status: number, headers: Record<string, string | number>): unknown
  end(body: string | Buffer): unknown
}

/** A dynamic resource of the HTTP ports, in place of a Python file of upstream. */
export type HttpResource = (request: HttpRequest, response: HttpResponse, url: URL) => void | Promise<void>

export function httpResources(stash: Stash): ReadonlyMap<string, HttpResource> {
  const stashFolder = '/fetch/api/resources/'
  return new Map<string, HttpResource>([
    [
      '/websockets/opening-handshake/resources/redirect_response.py',
      (_request, response) => answer(response, 301, '', { Location: '/echo' }),
    ],
    [
      `${stashFolder}stash-put.py`,
      (_request, response, url) => {
        stash.put(stashFolder, url.searchParams.get('key') ?? '', url.searchParams.get('value') ?? '')
        answer(response, 200, 'done', { 'Access-Control-Allow-Origin': '*' })
      },
    ],
    [
      `${stashFolder}stash-take.py`,
      (_request, response, url) => {
        const kept = stash.take(stashFolder, url.searchParams.get('key') ?? '')
        const headers = { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'application/json' }
        answer(response, 200, JSON.stringify(kept), headers)
      },
    ],
    [
      '/websockets/cookies/support/set-cookie.py',
      (_request, response, url) =>
        answer(response, 200, '', {
          'Set-Cookie': decodeURIComponent(url.search.slice(1)),
          'Content-Type': 'text/plain',
        }),
    ],
    [
      '/websockets/security/check.py',
      (request, response) => answer(response, 200, 'sec-websocket-key' in request.headers ? 'FAIL' : 'PASS'),
    ],
    ['/common/blank.html', blank],
  ])
}

/** An empty page; `?pipe=trickle(d2)` makes it two seconds late. */
async function blank(_request: HttpRequest, response: HttpResponse, url: URL): Promise<void> {
  const seconds = /^trickle\(d([\d.]+)\)$/.exec(url.searchParams.get('pipe') ?? '')?.[1]
  if (seconds !== undefined) await delay(Number(seconds) * 1000)
  answer(response, 200, '<!doctype html>\n', { 'Content-Type': 'text/html' })
}

export function answer(
  response: HttpResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(body), ...headers })
  response.end(body)
}
