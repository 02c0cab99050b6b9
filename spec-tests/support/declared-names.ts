import { dirname, join } from 'node:path'
import { parseSource } from '../../scripts/check/source.ts'

/* What the library declares, read from its sources: so that what is documented can be held against it. */

/** A syntax tree is walked by the names of its nodes. */
type Node = any

/** The names of the members of an interface, inherited ones too, or the strings of a union, that a file declares. */
export function declaredNames(path: string, name: string): string[] {
  const statements: Node[] = parseSource(path).tree.program.body
  for (const statement of statements) {
    const declaration = statement.declaration ?? statement
    if (declaration.id?.name !== name) continue
    if (declaration.type === 'TSInterfaceDeclaration') {
      const inherited = (declaration.extends ?? []).flatMap((base: Node) => inheritedNames(path, statements, base))
      return [...declaration.body.body.map((member: Node) => member.key.name), ...inherited]
    }
    const parts: Node[] = declaration.typeAnnotation.types
    return parts.filter(part => part.type === 'TSLiteralType').map(part => part.literal.value)
  }
  throw new Error(`${path} declares no ${name}`)
}

/** The names of the members that an interface has from `base`: an interface of this file, or of one that it imports. */
function inheritedNames(path: string, statements: Node[], { expression, typeParameters }: Node): string[] {
  // `Omit` and its like are not resolved: the members are those of an interface that is read by itself.
  if (typeParameters !== null && typeParameters !== undefined) return []
  const isQualified = expression.type === 'TSQualifiedName'
  const local: string = isQualified ? expression.left.name : expression.name
  for (const { type, source, specifiers } of statements) {
    const specifier = type === 'ImportDeclaration' && specifiers.find((one: Node) => one.local.name === local)
    if (!specifier) continue
    const name: string = isQualified ? expression.right.name : specifier.imported.name
    return declaredNames(join(dirname(path), source.value), name)
  }
  return declaredNames(path, local)
}

/** The names that a file exports as values. */
export function exportedValues(path: string): string[] {
  return (parseSource(path).tree.program.body as Node[])
    .filter(statement => statement.type === 'ExportNamedDeclaration' && statement.exportKind !== 'type')
    .flatMap(statement => statement.specifiers)
    .filter(specifier => specifier.exportKind !== 'type')
    .map(specifier => specifier.exported.name)
}
