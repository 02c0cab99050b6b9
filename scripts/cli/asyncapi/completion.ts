import { type AsyncApiDocument, escapePointer, type Node } from './document.ts'

/** Where a JSON text that is being typed ends. */
interface Place {
  /** The keys on the way to the object that is open; `*` for an item of an array. */
  readonly path: readonly string[]
  /** The key whose value is being typed; undefined if a key is. */
  readonly key: string | undefined
  /** What is there of the key or the value, from its quotation mark on. */
  readonly typed: string
}

/** Candidates for the end of a JSON text that is being typed: names of properties, or values of an enumeration. */
export function completeJson(
  document: AsyncApiDocument,
  schemas: readonly string[],
  line: string,
): [candidates: string[], word: string] {
  const place = findPlace(line)
  if (place === undefined) return [[], line]
  const objects = schemas.flatMap(schema => descend(document, [schema], place.path))
  const found =
    place.key === undefined
      ? objects.flatMap(pointer => propertiesOf(document, pointer)).map(name => `${JSON.stringify(name)}: `)
      : descend(document, objects, [place.key]).flatMap(pointer => valuesOf(document.follow(pointer).node))
  return [[...new Set(found)].filter(candidate => candidate.startsWith(place.typed)), place.typed]
}

function findPlace(line: string): Place | undefined {
  /** The containers that are open: of an object, the key that was last read. */
  const open: { isObject: boolean; key: string | undefined; expectsKey: boolean }[] = []
  const tokens = line.matchAll(/"(?:[^"\\]|\\.)*("?)|[{}[\],:]|[^\s{}[\],:"]+/gs)
  let typed = ''
  for (const [token, closing] of tokens) {
    const container = open.at(-1)
    typed = ''
    if (token === '{' || token === '[')
      open.push({ isObject: token === '{', key: undefined, expectsKey: token === '{' })
    else if (token === '}' || token === ']') open.pop()
    else if (container === undefined) return undefined
    else if (token === ',') container.expectsKey = container.isObject
    else if (token === ':') container.expectsKey = false
    else if (token.startsWith('"') && closing === '') typed = token
    else if (container.expectsKey) container.key = JSON.parse(token) as string
  }
  const container = open.at(-1)
  if (container === undefined || !container.isObject) return undefined
  const path = open.slice(0, -1).map(({ isObject, key }) => (isObject ? (key ?? '') : '*'))
  return { path, key: container.expectsKey ? undefined : container.key, typed }
}

/** The schemas that a path leads to. */
function descend(document: AsyncApiDocument, pointers: readonly string[], path: readonly string[]): string[] {
  let current = pointers.flatMap(pointer => alternatives(document, pointer))
  for (const key of path) {
    current = current.flatMap(pointer => {
      const next = key === '*' ? `${pointer}/items` : `${pointer}/properties/${escapePointer(key)}`
      return document.has(next) ? alternatives(document, next) : []
    })
  }
  return current
}

/** A schema, and those that it is put together from. */
function alternatives(document: AsyncApiDocument, pointer: string, level = 0): string[] {
  const { node, pointer: place } = document.follow(pointer)
  if (level > 8) return [place]
  const parts = ['allOf', 'oneOf', 'anyOf'].flatMap(word => {
    return Array.isArray(node[word]) ? node[word].map((_, index) => `${place}/${word}/${index}`) : []
  })
  return [place, ...parts.flatMap(part => alternatives(document, part, level + 1))]
}

function propertiesOf(document: AsyncApiDocument, pointer: string): string[] {
  return Object.keys((document.follow(pointer).node.properties as Node | undefined) ?? {})
}

function valuesOf(node: Node): string[] {
  const values = node.const !== undefined ? [node.const] : Array.isArray(node.enum) ? node.enum : []
  return values.map(value => JSON.stringify(value))
}
