import type { ResponseHead } from '../transport/pipe.ts'

/**
 * The head of a response as one string of lines: `status:statusText`, then `name:value` for each field. Every open socket
 * keeps the head of its response, and few programs read it; a list of fields takes six times the memory (bench: idle).
 */
export type CompactHead = string

/** No part of a response head contains a line break, and no field name a colon. */
export function compactHead({ status, statusText, headers }: ResponseHead): CompactHead {
  return [`${status}:${statusText}`, ...headers.map(field => field.join(':'))].join('\n')
}

/** The reverse of `compactHead`. */
export function expandHead(head: CompactHead): ResponseHead {
  const [[status, statusText], ...headers] = head.split('\n').map(splitAtColon) as [Field, ...Field[]]
  return { status: Number(status), statusText, headers }
}

type Field = readonly [name: string, value: string]

function splitAtColon(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}
