import type { OutputUnit } from '@cfworker/json-schema'
import { printable } from './text.ts'

/** Keywords whose errors only say that something within them is wrong. */
const CONTAINERS = new Set([
  'properties',
  'items',
  'allOf',
  '$ref',
  'additionalProperties',
  'prefixItems',
  'anyOf',
  'oneOf',
])

/** Errors that are named in one line. */
const MOST_NAMED = 3

/** What is wrong with a value, in one line: the deepest errors, each with its place. */
export function describeSchemaErrors(errors: readonly OutputUnit[]): string {
  const precise = errors.filter(({ keyword }) => !CONTAINERS.has(keyword))
  const lines = (precise.length > 0 ? precise : errors).map(describeSchemaError)
  const told = [...new Set(lines)]
  const more = told.length > MOST_NAMED ? `; and ${told.length - MOST_NAMED} more` : ''
  // A value's own names are in it, which a server may have chosen.
  return printable(told.slice(0, MOST_NAMED).join('; ') + more)
}

function describeSchemaError({ instanceLocation, keyword, error }: OutputUnit): string {
  const names = instanceLocation.split('/').slice(1)
  const place = names.map(name => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
  const subject = place === '' ? 'the whole' : `"${place}"`
  const quoted = [...error.matchAll(/"([^"]*)"/g)].map(([, word]) => word!)
  if (keyword === 'required') return `"${place === '' ? '' : `${place}.`}${quoted.at(-1)}" is missing`
  if (keyword === 'type') return `${subject} is of type ${quoted[0]}, and not ${quoted.slice(1).join(' or ')}`
  if (keyword === 'false') return `${subject} is not allowed`
  if (keyword === 'enum') return `${subject} is none of ${/\[(.*)\]/s.exec(error)?.[1]?.replaceAll(',', ', ')}`
  if (keyword === 'const') return `${subject} is not ${/match (.*)\.$/s.exec(error)?.[1]}`
  return `${subject}: ${error.replace(/\.$/, '')}`
}
