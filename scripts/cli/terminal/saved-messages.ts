import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { Validator } from '@cfworker/json-schema'
import { describeSchemaErrors } from '../schema-errors.ts'
import { UsageError } from '../usage-error.ts'
import { describeFileError } from '../values.ts'

export const FILE_NAME = '.websocket.json'

/** What stands in `.websocket.json`. */
interface Content {
  readonly variables?: Readonly<Record<string, Variable>>
  readonly messages?: Readonly<Record<string, unknown>>
}

export type Variable = string | number | boolean

const schema = {
  type: 'object',
  properties: {
    $schema: { type: 'string' },
    variables: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    messages: { type: 'object' },
  },
  additionalProperties: false,
}

/** Messages with names and variables, of `.websocket.json` in the home and in the folder; those of the folder come first. */
export class SavedMessages {
  readonly #messages = new Map<string, unknown>()
  readonly #variables = new Map<string, Variable>()

  /** @throws UsageError that says what is wrong with which file */
  constructor(folder: string = process.cwd(), home: string = homedir()) {
    for (const place of new Set([resolve(home), resolve(folder)])) {
      const { messages = {}, variables = {} } = readContent(join(place, FILE_NAME))
      for (const [name, message] of Object.entries(messages)) this.#messages.set(name, message)
      for (const [name, value] of Object.entries(variables)) this.#variables.set(name, value)
    }
  }

  get names(): string[] {
    return [...this.#messages.keys()].sort()
  }

  get variables(): ReadonlyMap<string, Variable> {
    return this.#variables
  }

  /** The message as it stands in the file; undefined if there is none of that name. */
  template(name: string): unknown {
    return this.#messages.get(name)
  }

  /** A value that was typed. It is a number or a boolean if the variable has one so far, and the value reads as another. */
  typed(name: string, text: string): Variable {
    const value = parseOr(text)
    return typeof value === typeof this.#variables.get(name) ? (value as Variable) : text
  }

  setVariable(name: string, value: Variable): void {
    this.#variables.set(name, value)
  }

  /**
   * Keeps a message, in the file of the folder.
   *
   * @throws UsageError
   */
  keep(name: string, text: string, folder: string = process.cwd()): void {
    const path = join(folder, FILE_NAME)
    const content = readContent(path)
    const message = parseOr(text)
    const messages = { ...content.messages, [name]: message }
    try {
      writeFileSync(path, `${JSON.stringify({ ...content, messages }, null, 2)}\n`)
    } catch (error) {
      throw new UsageError(`${FILE_NAME} cannot be written: ${describeFileError(error, path)}`)
    }
    this.#messages.set(name, message)
  }

  /** The variables that a message needs and nobody has set. */
  missing(template: unknown, given: ReadonlyMap<string, Variable>): string[] {
    const names = [...JSON.stringify(template).matchAll(PLACEHOLDER)].map(([, name]) => name!)
    return [...new Set(names)].filter(name => this.#valueOf(name, given) === undefined)
  }

  /** The text to send: a template that is no text is written as JSON. */
  fill(template: unknown, given: ReadonlyMap<string, Variable>): string {
    const filled = this.#fillIn(template, given)
    return typeof filled === 'string' ? filled : JSON.stringify(filled)
  }

  #fillIn(template: unknown, given: ReadonlyMap<string, Variable>): unknown {
    if (Array.isArray(template)) return template.map(one => this.#fillIn(one, given))
    if (typeof template === 'object' && template !== null) {
      return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, this.#fillIn(value, given)]))
    }
    if (typeof template !== 'string') return template
    // A variable that is the whole of a string keeps its type.
    const whole = WHOLE_PLACEHOLDER.exec(template)?.[1]
    if (whole !== undefined) return this.#valueOf(whole, given) ?? template
    return template.replace(PLACEHOLDER, (text, name: string) => String(this.#valueOf(name, given) ?? text))
  }

  #valueOf(name: string, given: ReadonlyMap<string, Variable>): Variable | undefined {
    return given.get(name) ?? this.#variables.get(name) ?? builtIn(name)
  }
}

const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g
const WHOLE_PLACEHOLDER = /^\{\{\s*([\w.-]+)\s*\}\}$/

/** Variables that need no setting. */
function builtIn(name: string): Variable | undefined {
  if (name === 'now') return new Date().toISOString()
  if (name === 'timestamp') return Date.now()
  if (name === 'uuid') return randomUUID()
  return name.startsWith('env.') ? process.env[name.slice(4)] : undefined
}

function readContent(path: string): Content {
  if (!existsSync(path)) return {}
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${(error as Error).message}`)
  }
  const { valid, errors } = new Validator(schema as object, '7', false).validate(content)
  if (valid) return content as Content
  const advice = 'It has "messages" and "variables", each an object of names and values.'
  throw new UsageError(`${path}: ${describeSchemaErrors(errors)}`, advice)
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
