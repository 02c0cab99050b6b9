import type { ResponseHead } from '../transport/pipe.ts'

/** The head of a response in one string, for as long as nobody asks for it: its parts take six times as much (bench: idle). */
export type CompactHead = string

/** Nothing in a head contains a line break, nor a name a colon. */
export function compactHead({ status, statusText, headers }: ResponseHead): CompactHead {
  return [`${status}:${statusText}`, ...headers.map(field => field.join(':'))].join('\n')
}

export function expandHead(packed: CompactHead): ResponseHead {
  const [[status, statusText], ...headers] = packed.split('\n').map(splitAtColon) as [Field, ...Field[]]
  return { status: Number(status), statusText, headers }
}

type Field = readonly [name: string, value: string]

function splitAtColon(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}
