import type { HttpVersion, ResponseHead } from '../transport/pipe.ts'

/**
 * The head of a response as one string of lines: `http:status:statusText`, then `name:value` for each field. Every open socket
 * keeps the head of its response, and few programs read it; a list of fields takes six times the memory (bench: idle).
 */
export type CompactHead = string

/** No part of a response head contains a line break, and no field name a colon. */
export function compactHead({ status, statusText, headers }: ResponseHead, http: HttpVersion): CompactHead {
  return [`${http}:${status}:${statusText}`, ...headers.map(field => field.join(':'))].join('\n')
}

/** The reverse of `compactHead`. */
export function expandHead(head: CompactHead): ResponseHead & { readonly http: HttpVersion } {
  const [[http, line], ...headers] = head.split('\n').map(splitAtColon) as [readonly [HttpVersion, string], ...Field[]]
  const [status, statusText] = splitAtColon(line)
  return { http, status: Number(status), statusText, headers }
}

type Field = readonly [name: string, value: string]

function splitAtColon(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}
