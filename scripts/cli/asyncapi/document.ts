import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { UsageError } from '../usage-error.ts'
import { describeFileError } from '../values.ts'

/** An object of the document, or a reference to one. */
export type Node = Readonly<Record<string, unknown>>

/** An AsyncAPI document whose references are all within it. */
export class AsyncApiDocument {
  readonly path: string
  readonly root: Node

  /**
   * Reads a document of AsyncAPI 3, YAML or JSON, and the files that it refers to.
   *
   * @throws UsageError
   */
  constructor(path: string) {
    this.path = path
    const root = readNode(path)
    const version = String(root.asyncapi ?? '')
    if (!version.startsWith('3.')) {
      const told = version === '' ? 'is no AsyncAPI document' : `is of AsyncAPI ${version}, and not 3`
      const convert = `To convert it: npx @asyncapi/cli convert ${path}`
      const advice = version === '' ? 'It begins with the version that it is of, such as "asyncapi: 3.0.0".' : convert
      throw new UsageError(`${path} ${told}`, advice)
    }
    this.root = embedFiles(root, path)
  }

  /**
   * What a node is once its references are followed, and the JSON pointer of that.
   *
   * @throws UsageError for a reference that leads nowhere
   */
  follow(pointer: string): { node: Node; pointer: string } {
    let current = pointer
    for (let steps = 0; steps < 100; steps++) {
      const node = this.#at(current)
      if (typeof node.$ref !== 'string') return { node, pointer: current }
      current = node.$ref
    }
    throw new UsageError(`${this.path}: the references at ${pointer} go in a circle`)
  }

  /**
   * The members of an object or a list, each with its references followed. Empty if there is none.
   *
   * @returns also the first reference of each
   */
  members(pointer: string): { name: string; node: Node; pointer: string; reference: string | undefined }[] {
    const parent = this.#find(pointer)
    if (typeof parent !== 'object' || parent === null) return []
    return Object.entries(parent).map(([name, value]) => {
      const reference = Object(value).$ref as string | undefined
      return { name, reference, ...this.follow(`${pointer}/${escapePointer(name)}`) }
    })
  }

  has(pointer: string): boolean {
    return this.#find(pointer) !== undefined
  }

  #at(pointer: string): Node {
    const node = this.#find(pointer)
    if (typeof node === 'object' && node !== null) return node as Node
    throw new UsageError(`${this.path}: the reference ${pointer} leads to nothing`)
  }

  #find(pointer: string): unknown {
    const keys = pointer.replace(/^#\/?/, '').split('/').filter(Boolean).map(unescapePointer)
    let node: unknown = this.root
    for (const key of keys) node = typeof node === 'object' && node !== null ? (node as Node)[key] : undefined
    return node
  }
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescapePointer(key: string): string {
  const decoded = key.includes('%') ? decodeURIComponent(key) : key
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~')
}

function readNode(path: string): Node {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`The AsyncAPI document cannot be read: ${describeFileError(error, path)}`)
  }
  try {
    const node: unknown = parse(text)
    if (typeof node === 'object' && node !== null) return node as Node
  } catch (error) {
    throw new UsageError(`${path} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`)
  }
  throw new UsageError(`${path} is no AsyncAPI document`)
}

/** The member that has the files which the document refers to. */
const FILES = 'x-files'

/** Takes all files that are referred to into the document, and makes the references lead there. */
function embedFiles(root: Node, path: string): Node {
  const names = new Map<string, string>()
  const files: Record<string, unknown> = {}
  const rewrite = (node: unknown, place: string, base: string): unknown => {
    if (Array.isArray(node)) return node.map(one => rewrite(one, place, base))
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (key !== '$ref' || typeof value !== 'string') return [key, rewrite(value, place, base)]
        return [key, target(value, place, base)]
      }),
    )
  }
  const target = (reference: string, place: string, base: string): string => {
    const [file = '', fragment = ''] = reference.split('#')
    if (/^\w+:\/\//.test(file)) {
      throw new UsageError(`${place} refers to ${file}`, 'Save it as a file, and refer to that.')
    }
    if (file === '') return `#${base}${fragment}`
    const absolute = resolve(dirname(place), decodeURIComponent(file))
    let name = names.get(absolute)
    if (name === undefined) {
      name = String(names.size)
      names.set(absolute, name)
      files[name] = rewrite(readNode(absolute), absolute, `/${FILES}/${name}`)
    }
    return name === '' ? `#${fragment}` : `#/${FILES}/${name}${fragment}`
  }
  names.set(resolve(path), '')
  const rewritten = rewrite(root, path, '') as Node
  return names.size === 1 ? rewritten : { ...rewritten, [FILES]: files }
}
