import { Validator } from '@cfworker/json-schema'
import { describeSchemaErrors } from '../schema-errors.ts'
import { UsageError } from '../usage-error.ts'
import { type AsyncApiDocument, escapePointer, type Node } from './document.ts'
import { exampleOf } from './example.ts'

/** A message that a document describes. */
export interface ApiMessage {
  readonly name: string
  readonly summary: string
  /** The JSON pointer of its schema; undefined if it has none that can be checked. */
  readonly schema: string | undefined
  readonly isJson: boolean
}

export interface ApiOperation {
  readonly name: string
  readonly action: 'send' | 'receive'
  readonly channel: string
  readonly messages: readonly ApiMessage[]
  readonly summary: string
}

export interface ApiChannel {
  readonly name: string
  readonly address: string
  readonly messages: readonly ApiMessage[]
  readonly summary: string
}

/** Formats of schemas that are JSON Schema, or a superset of it. */
const JSON_SCHEMA = /^application\/(vnd\.aai\.asyncapi|schema)(\+json|\+yaml)?(;|$)/

/** The channels, operations and messages of a document. */
export class Api {
  readonly document: AsyncApiDocument
  readonly title: string
  readonly channels: readonly ApiChannel[]
  readonly operations: readonly ApiOperation[]
  readonly #validators = new Map<string, Validator>()

  constructor(document: AsyncApiDocument) {
    this.document = document
    this.title = document.has('#/info') ? text(document.follow('#/info').node.title) : ''
    this.channels = document.members('#/channels').map(({ name, node, pointer }) => ({
      name,
      address: typeof node.address === 'string' ? node.address : '',
      messages: this.#messages(`${pointer}/messages`),
      summary: text(node.summary ?? node.title ?? node.description),
    }))
    this.operations = document.members('#/operations').map(one => this.#operation(one))
  }

  /** What is wrong with a JSON value as that message; undefined if nothing is. */
  check(message: ApiMessage, value: unknown): string | undefined {
    if (message.schema === undefined) return undefined
    let validator = this.#validators.get(message.schema)
    if (validator === undefined) {
      validator = new Validator({ ...this.document.root, $ref: message.schema } as object, '7', false)
      this.#validators.set(message.schema, validator)
    }
    try {
      const { valid, errors } = validator.validate(value)
      return valid ? undefined : describeSchemaErrors(errors)
    } catch (error) {
      // The validator writes the names of members into URIs, which a lone surrogate cannot be in.
      if (error instanceof URIError) return 'a name of a member is not well-formed Unicode'
      return `it cannot be checked: ${(error as Error).message}`
    }
  }

  /** An example of a message: the document's, or one that is made from the schema. */
  example(message: ApiMessage): unknown {
    return message.schema === undefined ? '' : exampleOf(this.document, message.schema)
  }

  /**
   * The URL of a channel on the first server that speaks WebSocket.
   *
   * @throws UsageError
   */
  urlOf(channel: ApiChannel): string {
    const servers = this.document.members('#/servers')
    const server = servers.find(({ node }) => node.protocol === 'ws' || node.protocol === 'wss')
    if (server === undefined) throw new UsageError(`${this.document.path} names no server of the protocol ws or wss`)
    const { host, protocol, pathname = '' } = server.node
    const variables = this.document.members(`${server.pointer}/variables`)
    const fill = (template: string): string =>
      template.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = variables.find(variable => variable.name === name)?.node.default
        if (value === undefined)
          throw new UsageError(`The URL of "${channel.name}" needs a value for ${whole}`, 'Type the URL.')
        return String(value)
      })
    const path = `${pathname}/${channel.address}`.replace(/\/{2,}/g, '/')
    return fill(`${protocol}://${host}${path}`)
  }

  #operation({ name, node, pointer }: { name: string; node: Node; pointer: string }): ApiOperation {
    const channel = this.document.follow(`${pointer}/channel`).pointer.replace('#/channels/', '')
    const given = this.document.has(`${pointer}/messages`)
    const messages = given
      ? this.#messages(`${pointer}/messages`)
      : this.channels.find(one => one.name === channel)?.messages
    const action = node.action === 'receive' ? 'receive' : 'send'
    return {
      name,
      action,
      channel,
      messages: messages ?? [],
      summary: text(node.summary ?? node.title ?? node.description),
    }
  }

  #messages(pointer: string): ApiMessage[] {
    return this.document.members(pointer).map(({ name, node, pointer: place, reference }) => {
      // Those of an operation are a list of references to those of the channel, whose keys are their names.
      const key = /^\d+$/.test(name) ? (reference?.split('/').at(-1) ?? name) : name
      const type = text(node.contentType ?? this.document.root.defaultContentType) || 'application/json'
      return {
        name: text(node.name) || key,
        summary: text(node.summary ?? node.title ?? node.description),
        schema: this.#schemaOf(node, place),
        isJson: /[/+]json/.test(type),
      }
    })
  }

  #schemaOf(message: Node, pointer: string): string | undefined {
    if (message.payload === undefined) return undefined
    const payload = `${pointer}/${escapePointer('payload')}`
    const { node, pointer: place } = this.document.follow(payload)
    if (typeof node.schemaFormat !== 'string') return place
    return JSON_SCHEMA.test(node.schemaFormat) ? this.document.follow(`${place}/schema`).pointer : undefined
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim().split('\n')[0]! : ''
}
