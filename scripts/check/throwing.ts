import { join } from 'node:path'
import { type Node, parseSource, resolveImport, visit } from './source.ts'

/** A function or a class of the library: its file, and its name there, such as `readOptions` or `WebSocket.send`. */
interface Place {
  readonly file: string
  readonly name: string
}

/**
 * One file: its functions by their names, methods as `Class.method`, getters and setters as `Class.get name` and `Class.set name`;
 * the fields as `Class.field`; what a class extends; and where its imported names come from.
 */
interface Declarations {
  readonly functions: ReadonlyMap<string, Node>
  readonly fields: ReadonlyMap<string, Node>
  readonly superclasses: ReadonlyMap<string, string>
  readonly imported: ReadonlyMap<string, Place>
}

/** What the body of a function sees: its file, its class if it is a method, and the classes of its parameters and variables. */
interface Scope {
  readonly file: string
  readonly owner: string
  readonly locals: Map<string, Place>
}

/**
 * Tells which functions throw: by a `throw` of their own that they do not catch, or by a call of a function that does. Followed are
 * calls by a name, `new` with a name, and methods, getters and setters of `this` and of objects whose class is written down: by the
 * type of a parameter, a variable, a field or a result, or by `new`.
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
    const place = this.#find({ file, name })
    const found = place !== undefined && this.#throws(place)
    this.#found.set(key, found)
    return found
  }

  /** Where a function is declared: in a file that is imported, in a superclass, or here. */
  #find({ file, name }: Place): Place | undefined {
    const { functions, superclasses, imported } = this.#declarationsOf(file)
    const [owner, ...member] = name.split('.') as [string, ...string[]]
    const origin = imported.get(owner)
    if (origin !== undefined) return this.#find({ file: origin.file, name: [origin.name, ...member].join('.') })
    if (functions.has(name)) return { file, name }
    const superclass = member.length > 0 ? superclasses.get(owner) : undefined
    return superclass === undefined ? undefined : this.#find({ file, name: [superclass, ...member].join('.') })
  }

  #throws({ file, name }: Place): boolean {
    const { params, body } = this.#declarationsOf(file).functions.get(name)!
    const scope: Scope = { file, owner: name.split('.')[0]!, locals: new Map() }
    for (const param of params as Node[]) this.#declare(param.type === 'AssignmentPattern' ? param.left : param, scope)
    let found = false
    visit({ type: 'Body', body }, (node, parent, key) => {
      if (found || isFunction(node)) return false
      if (key === 'block' && parent.type === 'TryStatement' && parent.handler !== null) return false
      if (node.type === 'VariableDeclarator') this.#declare(node.id, scope, node.init as Node | null)
      found =
        node.type === 'ThrowStatement' ||
        this.#callsThrowing(node, scope) ||
        this.#accessThrows(node, parent, key, scope)
      return !found
    })
    return found
  }

  /** Notes the class of a parameter or variable, where it is told. */
  #declare(declared: unknown, scope: Scope, value?: Node | null): void {
    const { type, typeAnnotation } = declared as Node
    if (type !== 'Identifier') return
    const place = this.#named(typeAnnotation, scope.file) ?? (value ? this.#classOf(value, scope) : undefined)
    if (place !== undefined) scope.locals.set(nameOf(declared as Node), place)
  }

  #callsThrowing(node: Node, scope: Scope): boolean {
    const callee = node.callee as Node | undefined
    if (node.type === 'NewExpression' && callee?.type === 'Identifier') {
      return this.has(scope.file, `${callee.name as string}.constructor`)
    }
    if (!/^(Optional)?CallExpression$/.test(node.type) || callee === undefined) return false
    if (callee.type === 'Identifier') return this.has(scope.file, callee.name as string)
    return this.#memberThrows(callee, '', scope)
  }

  /** Whether a getter or setter throws, which the node reads or writes. */
  #accessThrows(node: Node, parent: Node, key: string, scope: Scope): boolean {
    const isWritten = parent.type === 'UpdateExpression' || (parent.type === 'AssignmentExpression' && key === 'left')
    const isRead = !isWritten || parent.type === 'UpdateExpression' || parent.operator !== '='
    return (isWritten && this.#memberThrows(node, 'set ', scope)) || (isRead && this.#memberThrows(node, 'get ', scope))
  }

  /** @param word which member of the name: '' for the method, 'get ' and 'set ' for what is behind a property */
  #memberThrows(node: Node, word: '' | 'get ' | 'set ', scope: Scope): boolean {
    if (!isMember(node)) return false
    const place = this.#classOf(node.object as Node, scope)
    return place !== undefined && this.has(place.file, `${place.name}.${word}${nameOf(node.property as Node)}`)
  }

  /** The class of what an expression gives; undefined where none is written down. */
  #classOf(node: Node, scope: Scope): Place | undefined {
    const { file, owner } = scope
    if (node.type === 'ThisExpression') return { file, name: owner }
    if (node.type === 'Identifier') return scope.locals.get(nameOf(node))
    if (node.type === 'TSNonNullExpression') return this.#classOf(node.expression as Node, scope)
    const callee = node.callee as Node | undefined
    if (node.type === 'NewExpression') {
      return callee?.type === 'Identifier' ? { file, name: nameOf(callee) } : undefined
    }
    if (node.type === 'CallExpression' && callee?.type === 'Identifier') {
      const called = this.#find({ file, name: nameOf(callee) })
      if (called === undefined) return undefined
      return this.#named(this.#declarationsOf(called.file).functions.get(called.name)!.returnType, called.file)
    }
    const object = isMember(node) ? this.#classOf(node.object as Node, scope) : undefined
    if (object === undefined) return undefined
    const field = this.#declarationsOf(object.file).fields.get(`${object.name}.${nameOf(node.property as Node)}`)
    if (field === undefined) return undefined
    const value = field.value as Node | null
    const within: Scope = { file: object.file, owner: object.name, locals: new Map() }
    return this.#named(field.typeAnnotation, object.file) ?? (value ? this.#classOf(value, within) : undefined)
  }

  /** The class that a type annotation names, `undefined` and `null` beside it left out. */
  #named(annotation: unknown, file: string): Place | undefined {
    const type = (annotation as Node | null | undefined)?.typeAnnotation as Node | undefined
    const types = type?.type === 'TSUnionType' ? (type.types as Node[]) : type === undefined ? [] : [type]
    const relevant = types.filter(one => one.type !== 'TSUndefinedKeyword' && one.type !== 'TSNullKeyword')
    const name = relevant.length === 1 ? (relevant[0]!.typeName as Node | undefined) : undefined
    if (name?.type !== 'Identifier') return undefined
    return this.#declarationsOf(file).imported.get(nameOf(name)) ?? { file, name: nameOf(name) }
  }

  #declarationsOf(file: string): Declarations {
    const known = this.#files.get(file) ?? readDeclarations(this.#root, file)
    this.#files.set(file, known)
    return known
  }
}

function readDeclarations(root: string, file: string): Declarations {
  const functions = new Map<string, Node>()
  const fields = new Map<string, Node>()
  const superclasses = new Map<string, string>()
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
      const name = nameOf(node.id as Node)
      const superclass = node.superClass as Node | null
      if (superclass?.type === 'Identifier') superclasses.set(name, nameOf(superclass))
      for (const member of (node.body as Node).body as Node[]) {
        const word = member.kind === 'get' || member.kind === 'set' ? `${member.kind} ` : ''
        if (/^Class(Private)?Method$/.test(member.type))
          functions.set(`${name}.${word}${nameOf(member.key as Node)}`, member)
        if (/^Class(Private)?Property$/.test(member.type)) fields.set(`${name}.${nameOf(member.key as Node)}`, member)
      }
    }
    // What is declared in a function has no name outside of it.
    return !isFunction(node)
  })
  return { functions, fields, superclasses, imported }
}

/** Whether the node is `object.name`, or `object?.name`. */
function isMember({ type, computed }: Node): boolean {
  return /^(Optional)?MemberExpression$/.test(type) && computed !== true
}

function isFunction({ type }: Node): boolean {
  return /Function|ClassMethod|ClassPrivateMethod|ObjectMethod/.test(type)
}

/** The name of an identifier, of a private name with its `#`, or of a string. */
function nameOf(node: Node): string {
  if (node.type === 'PrivateName') return `#${(node.id as Node).name as string}`
  return String(node.name ?? node.value)
}
