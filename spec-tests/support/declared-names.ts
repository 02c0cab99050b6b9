import { parseSource } from '../../scripts/check/source.ts'

/* What the library declares, read from its sources: so that what is documented can be held against it. */

/** A syntax tree is walked by the names of its nodes. */
type Node = any

/** The names of the members of an interface, or the strings of a union, that a file declares. */
export function declaredNames(path: string, name: string): string[] {
  for (const statement of parseSource(path).tree.program.body as Node[]) {
    const declaration = statement.declaration ?? statement
    if (declaration.id?.name !== name) continue
    if (declaration.type === 'TSInterfaceDeclaration')
      return declaration.body.body.map((member: Node) => member.key.name)
    const parts: Node[] = declaration.typeAnnotation.types
    return parts.filter(part => part.type === 'TSLiteralType').map(part => part.literal.value)
  }
  throw new Error(`${path} declares no ${name}`)
}

/** The names that a file exports as values. */
export function exportedValues(path: string): string[] {
  return (parseSource(path).tree.program.body as Node[])
    .filter(statement => statement.type === 'ExportNamedDeclaration' && statement.exportKind !== 'type')
    .flatMap(statement => statement.specifiers)
    .filter(specifier => specifier.exportKind !== 'type')
    .map(specifier => specifier.exported.name)
}
