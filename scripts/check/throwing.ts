import { join } from 'node:path'
import { type Node, parseSource, resolveImport, visit } from './source.ts'

/** A function of the library: its file, and its name there, such as `readOptions` or `WebSocket.send`. */
interface Place {
  readonly file: string
  readonly name: string
}

/**
 * One file: its functions by their names, methods as `Class.method`, getters and setters as `Class.get name` and `Class.set name`,
 * and where its imported names come from.
 */
interface Declarations {
  readonly functions: ReadonlyMap<string, Node>
  readonly imported: ReadonlyMap<string, Place>
}

/**
 * Tells which functions throw: by a `throw` of their own that they do not catch, or by a call of a function that does. Followed are
 * calls by a name, `new` with a name, and methods, getters and setters of `this`; those of another object are not.
 */
export class ThrowingFunctions {
  readonly #root: string
  readonly #files = new Map<string, Declarations>()
  readonly #found = new Map<string, boolean>()

  /** @param root the folder that the paths of files are below */
  constructor(root: string) {
    this.#root = root
  }

  /** Whether the function throws. One that is not declared in the file does not. */
  has(file: string, name: string): boolean {
    const key = `${file} ${name}`
    const known = this.#found.get(key)
    if (known !== undefined) return known
    // A function that calls itself throws for another reason, if it does.
    this.#found.set(key, false)
    const { functions, imported } = this.#declarationsOf(file)
    const origin = imported.get(name.split('.')[0]!)
    const found =
      origin === undefined
        ? functions.has(name) && this.#throws(functions.get(name)!.body as Node, file, name)
        : this.has(origin.file, name.replace(/^[^.]+/, origin.name))
    this.#found.set(key, found)
    return found
  }

  #throws(body: Node, file: string, name: string): boolean {
    let found = false
    visit({ type: 'Body', body }, (node, parent, key) => {
      if (found || isFunction(node)) return false
      if (key === 'block' && parent.type === 'TryStatement' && parent.handler !== null) return false
      found =
        node.type === 'ThrowStatement' ||
        this.#callsThrowing(node, file, name) ||
        this.#accessThrows(node, parent, key, file, name)
      return !found
    })
    return found
  }

  #callsThrowing(node: Node, file: string, name: string): boolean {
    const callee = node.callee as Node | undefined
    if (node.type === 'NewExpression' && callee?.type === 'Identifier') {
      return this.has(file, `${callee.name as string}.constructor`)
    }
    if (node.type !== 'CallExpression' || callee === undefined) return false
    if (callee.type === 'Identifier') return this.has(file, callee.name as string)
    return isOfThis(callee) && this.has(file, `${name.split('.')[0]}.${nameOf(callee.property as Node)}`)
  }

  /** Whether a getter or setter of `this` throws, which the node reads or writes. */
  #accessThrows(node: Node, parent: Node, key: string, file: string, name: string): boolean {
    if (!isOfThis(node)) return false
    const isWritten = parent.type === 'UpdateExpression' || (parent.type === 'AssignmentExpression' && key === 'left')
    const isRead = !isWritten || parent.type === 'UpdateExpression' || parent.operator !== '='
    const [owner, property] = [name.split('.')[0], nameOf(node.property as Node)]
    return (
      (isWritten && this.has(file, `${owner}.set ${property}`)) ||
      (isRead && this.has(file, `${owner}.get ${property}`))
    )
  }

  #declarationsOf(file: string): Declarations {
    const known = this.#files.get(file) ?? readDeclarations(this.#root, file)
    this.#files.set(file, known)
    return known
  }
}

function readDeclarations(root: string, file: string): Declarations {
  const functions = new Map<string, Node>()

  const imported = new Map<string, Place>()
  visit(parseSource(join(root, file)).tree.program as unknown as Node, node => {
    if (node.type === 'ImportDeclaration') {
      const from = resolveImport(file, { from: (node.source as Node).value as string, line: 0, typesOnly: false })
      for (const specifier of from === undefined ? [] : (node.specifiers as Node[])) {
        if (specifier.type !== 'ImportSpecifier') continue
        imported.set(nameOf(specifier.local as Node), { file: from!, name: nameOf(specifier.imported as Node) })
      }
    }
    if (node.type === 'FunctionDeclaration') functions.set(nameOf(node.id as Node), node)
    if (/^Class(Declaration|Expression)$/.test(node.type) && node.id !== null && node.id !== undefined) {
      for (const member of (node.body as Node).body as Node[]) {
        const hasBody = /^Class(Private)?Method$/.test(member.type)
        const word = member.kind === 'get' || member.kind === 'set' ? `${member.kind} ` : ''
        if (hasBody) functions.set(`${nameOf(node.id as Node)}.${word}${nameOf(member.key as Node)}`, member)
      }
    }
    // What is declared in a function has no name outside of it.
    return !isFunction(node)
  })
  return { functions, imported }
}

/** Whether the node is `this.name`. */
function isOfThis({ type, object, computed }: Node): boolean {
  return type === 'MemberExpression' && computed !== true && (object as Node).type === 'ThisExpression'
}

function isFunction({ type }: Node): boolean {
  return /Function|ClassMethod|ClassPrivateMethod|ObjectMethod/.test(type)
}

/** The name of an identifier, of a private name with its `#`, or of a string. */
function nameOf(node: Node): string {
  if (node.type === 'PrivateName') return `#${(node.id as Node).name as string}`
  return String(node.name ?? node.value)
}
