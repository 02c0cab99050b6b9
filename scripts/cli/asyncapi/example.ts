import { type AsyncApiDocument, escapePointer, type Node } from './document.ts'

/** Levels of a schema that an example has. A schema may contain itself. */
const MOST_LEVELS = 8

/** A value that the schema at a JSON pointer takes, in the simple cases; a start to edit from in the others. */
export function exampleOf(document: AsyncApiDocument, pointer: string, level = 0): unknown {
  const { node, pointer: place } = document.follow(pointer)
  const given = [node.const, node.default, first(node.examples), first(node.enum)].find(value => value !== undefined)
  if (given !== undefined) return given
  if (level > MOST_LEVELS) return null
  const inner = (path: string): unknown => exampleOf(document, `${place}/${path}`, level + 1)
  if (Array.isArray(node.allOf)) {
    const parts = node.allOf.map((_, index) => inner(`allOf/${index}`))
    return Object.assign({}, objectOf(node, inner), ...parts.filter(part => typeof part === 'object'))
  }
  for (const choice of ['oneOf', 'anyOf']) if (Array.isArray(node[choice])) return inner(`${choice}/0`)
  const type = Array.isArray(node.type) ? node.type[0] : node.type
  if (type === 'object' || node.properties !== undefined) return objectOf(node, inner)
  if (type === 'array') return node.items === undefined ? [] : [inner('items')]
  if (type === 'string') return textOf(node)
  if (type === 'number' || type === 'integer') return typeof node.minimum === 'number' ? node.minimum : 0
  if (type === 'boolean') return false
  return null
}

function objectOf(node: Node, inner: (path: string) => unknown): Record<string, unknown> {
  const names = Object.keys((node.properties as Node | undefined) ?? {})
  return Object.fromEntries(names.map(name => [name, inner(`properties/${escapePointer(name)}`)]))
}

function textOf({ format, minLength }: Node): string {
  if (format === 'date-time') return new Date(0).toISOString()
  if (format === 'date') return '1970-01-01'
  if (format === 'uuid') return '00000000-0000-4000-8000-000000000000'
  if (format === 'email') return 'name@example.com'
  if (format === 'uri') return 'https://example.com/'
  return 'text'.padEnd(typeof minLength === 'number' ? minLength : 0, 't')
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined
}
