import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type ParseResult, parse } from '@babel/parser'

/** One import or re-export. */
export interface Import {
  readonly from: string
  readonly line: number
  /** It imports types only, and disappears when they are stripped. */
  readonly typesOnly: boolean
}

/** A parsed TypeScript file. */
export interface Source {
  readonly tree: ParseResult
  readonly lines: number
  readonly imports: readonly Import[]
  /** Asynchronous code: what it is, such as `await`, and its line. */
  readonly waits: readonly { readonly what: string; readonly line: number }[]
}

/** A node of the syntax tree. */
export interface Node {
  readonly type: string
  readonly loc?: { readonly start: { readonly line: number } } | null
  readonly [key: string]: unknown
}

/**
 * The TypeScript files in `folder`, by their paths below it. A folder that is missing has none.
 *
 * @param leftOut names of folders that are not looked into
 */
export function listSources(folder: string, leftOut: readonly string[] = ['node_modules']): string[] {
  return listFiles(folder, '', leftOut)
    .filter(path => path.endsWith('.ts'))
    .sort()
}

function listFiles(folder: string, below: string, leftOut: readonly string[]): string[] {
  const entries = existsSync(join(folder, below)) ? readdirSync(join(folder, below), { withFileTypes: true }) : []
  return entries.flatMap(entry => {
    const path = posix.join(below, entry.name)
    if (entry.isDirectory()) return leftOut.includes(entry.name) ? [] : listFiles(folder, path, leftOut)
    return [path]
  })
}

/** The path of the imported file; undefined if the import is not relative. Paths are relative to the same folder as `path`. */
export function resolveImport(path: string, { from }: Import): string | undefined {
  return from.startsWith('.') ? posix.join(posix.dirname(path), from) : undefined
}

/** @throws {SyntaxError} that names the file */
export function parseSource(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const tree = parseText(text, path)
  const imports: Import[] = []
  const waits: { what: string; line: number }[] = []
  visit(tree.program as unknown as Node, node => {
    const found = readImport(node)
    if (found !== undefined) imports.push(found)
    const what = readWait(node)
    if (what !== undefined) waits.push({ what, line: lineOf(node) })
  })
  return { tree, lines: countLines(text), imports, waits }
}

/** A file of which only the imports matter. */
export type Importer = Pick<Source, 'lines' | 'imports'>

/** The last line of a statement that imports, as they are formatted here. */
const END_OF_IMPORT = /^(?:import|export|\})[^\n]*\bfrom '[^'\n]*'$|^import '[^'\n]*'$/gm

/** What may import something: the word, and a string or a comment behind it. */
const IMPORT = /\bimport\s*\(|\b(?:import|from)\b\s*(?:['"`]|\/[*/])/
/** What may import a file by a relative path. */
const RELATIVE_IMPORT = /\b(?:import|from)\b[\s(]*(?:['"`]\.|\/[*/])/

/**
 * The imports of a file. Most files have theirs at the top, and nothing below that could be one: then only the top is parsed, which takes
 * a tenth of the time.
 *
 * @param which whether all imports matter, or only those of relative paths, of which none is left out
 * @throws {SyntaxError} that names the file
 */
export function parseImports(path: string, which: 'all' | 'relative'): Importer {
  const text = readFileSync(path, 'utf8')
  const last = [...text.matchAll(END_OF_IMPORT)].at(-1)
  const end = last === undefined ? 0 : last.index + last[0].length
  if (!(which === 'all' ? IMPORT : RELATIVE_IMPORT).test(text.slice(end))) {
    try {
      const { body } = parseText(text.slice(0, end), path).program
      return { lines: countLines(text), imports: body.flatMap(one => readImport(one as unknown as Node) ?? []) }
    } catch {
      // What looked like the end of an import stands in a template, a comment or a block.
    }
  }
  return parseSource(path)
}

function countLines(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}

function parseText(text: string, path: string): ParseResult {
  try {
    return parse(text, { sourceType: 'module', plugins: ['typescript'] })
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`)
  }
}

/** Names that are used as values and declared nowhere in the file; `Promise` also where it is used as a type. */
export function findFreeNames({ tree }: Source): { name: string; line: number }[] {
  const bound = new Set<string>()
  const used: { name: string; line: number }[] = []
  visit(tree.program as unknown as Node, (node, parent, key) => {
    if (node.type !== 'Identifier') return
    const use = { name: node.name as string, line: lineOf(node) }
    if (isBinding(parent, key)) bound.add(use.name)
    else if (use.name === 'Promise' || use.name === 'PromiseLike' || isReference(parent, key)) used.push(use)
  })
  return used.filter(({ name }) => !bound.has(name))
}

function readImport(node: Node): Import | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration': {
      if (node.source === null || node.source === undefined) return undefined
      // `import { type X }` is still an import when the types are stripped (verbatimModuleSyntax).
      const typesOnly = node.importKind === 'type' || node.exportKind === 'type'
      return { from: (node.source as Node).value as string, line: lineOf(node), typesOnly }
    }
    case 'TSImportType':
      return { from: (node.argument as Node).value as string, line: lineOf(node), typesOnly: true }
    case 'ImportExpression':
      return { from: String((node.source as Node).value ?? '(computed)'), line: lineOf(node), typesOnly: false }
    case 'CallExpression': {
      if ((node.callee as Node).type !== 'Import') return undefined
      const [argument] = node.arguments as Node[]
      return { from: String(argument?.value ?? '(computed)'), line: lineOf(node), typesOnly: false }
    }
    default:
      return undefined
  }
}

function readWait(node: Node): string | undefined {
  if (node.type === 'AwaitExpression') return 'await'
  if (node.async === true) return 'an async function'
  if (node.type === 'ForOfStatement' && node.await === true) return 'for await'
  const property = node.type === 'MemberExpression' && node.computed !== true ? (node.property as Node) : undefined
  return property?.name === 'then' ? 'a call of then' : undefined
}

/** Whether the identifier at `key` of `parent` declares its name. */
function isBinding(parent: Node, key: string): boolean {
  switch (parent.type) {
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return key === 'local'
    case 'VariableDeclarator':
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'FunctionExpression':
    case 'ClassExpression':
      return key === 'id' || key === 'params'
    case 'ArrowFunctionExpression':
    case 'ClassMethod':
    case 'ClassPrivateMethod':
    case 'ObjectMethod':
      return key === 'params'
    case 'CatchClause':
      return key === 'param'
    // Parts of a pattern. A pattern that assigns, and does not declare, names variables that are declared elsewhere in the file.
    case 'RestElement':
    case 'ArrayPattern':
      return true
    case 'AssignmentPattern':
      return key === 'left'
    case 'ObjectProperty':
      return key === 'value' && parent.inPattern === true
    default:
      return false
  }
}

function isReference(parent: Node, key: string): boolean {
  if (parent.type === 'PrivateName') return false
  if (parent.type.startsWith('TS')) return key === 'expression'
  if (parent.type === 'MemberExpression' || parent.type === 'OptionalMemberExpression') {
    return key === 'object' || parent.computed === true
  }
  if (/^(Object|Class|ClassAccessor)(Property|Method)$/.test(parent.type))
    return key !== 'key' || parent.computed === true
  if (/^(Import|Export)\w*Specifier$/.test(parent.type)) return key === 'local'
  if (/^(LabeledStatement|BreakStatement|ContinueStatement|MetaProperty)$/.test(parent.type)) return key !== 'label'
  return true
}

type Visitor = (node: Node, parent: Node, key: string) => unknown

/** Calls back for each node, its parent, and the property of the parent that it stands in. `false` leaves out what is in the node. */
export function visit(node: Node, callback: Visitor): void {
  // The hot loop of the check. No look into locations, which are half of all objects. Not `in`: it is slow with the parser's nodes, whose
  // prototype has properties that are enumerable.
  for (const key of Object.keys(node)) {
    if (key === 'loc' || key.endsWith('Comments')) continue
    const value = node[key]
    if (Array.isArray(value)) for (const child of value) visitChild(child, node, key, callback)
    else visitChild(value, node, key, callback)
  }
}

function visitChild(child: unknown, parent: Node, key: string, callback: Visitor): void {
  if (typeof child !== 'object' || child === null || typeof (child as Node).type !== 'string') return
  if (parent.type === 'ObjectPattern') (child as { inPattern?: boolean }).inPattern = true
  if (callback(child as Node, parent, key) !== false) visit(child as Node, callback)
}

function lineOf(node: Node): number {
  return node.loc?.start.line ?? 1
}
