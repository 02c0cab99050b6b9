import cliui from 'cliui'
import type { Message } from '../exchange-record.ts'
import type { MessageChecker } from '../message-checker.ts'
import type { Colours } from '../style.ts'
import type { MessageCatalog } from '../terminal/desk.ts'
import { closest } from '../text.ts'
import { UsageError } from '../usage-error.ts'
import { Api, type ApiChannel, type ApiMessage } from './api.ts'
import { completeJson } from './completion.ts'
import { AsyncApiDocument } from './document.ts'

/** Which side the document describes: `send` is what that side sends. */
export type Role = 'server' | 'client'

/** @throws UsageError if the file cannot be read, or is no AsyncAPI document of version 3 */
export function readApi(file: string): Api {
  return new Api(new AsyncApiDocument(file))
}

export interface GuideOptions {
  readonly api: Api
  readonly role: Role
  /** The name of a channel; otherwise that of the URL's path, or all channels. */
  readonly channel: string | undefined
  readonly url: string
  readonly colours: Colours
}

/** What a document says about one connection: which messages go in which direction, and how they look. */
export class Guide implements MessageChecker, MessageCatalog {
  readonly #options: GuideOptions
  readonly #outgoing: readonly ApiMessage[]
  readonly #incoming: readonly ApiMessage[]

  /** @throws UsageError for a channel that is none of the document */
  constructor(options: GuideOptions) {
    this.#options = options
    const { api, role, channel, url } = options
    const channels = chooseChannels(api, channel, url)
    const messagesOf = (action: 'send' | 'receive'): ApiMessage[] => {
      const names = channels.map(({ name }) => name)
      const operations = api.operations.filter(one => names.includes(one.channel))
      const messages = operations.filter(one => one.action === action).flatMap(one => one.messages)
      // Without any operation, each message may go in both directions.
      const all = operations.length === 0 ? channels.flatMap(one => one.messages) : messages
      return [...new Map(all.map(message => [message.schema ?? message.name, message])).values()]
    }
    this.#outgoing = messagesOf(role === 'server' ? 'receive' : 'send')
    this.#incoming = messagesOf(role === 'server' ? 'send' : 'receive')
  }

  get names(): string[] {
    return this.#outgoing.map(({ name }) => name)
  }

  template(name: string): unknown {
    const message = this.#outgoing.find(one => one.name === name)
    return message === undefined ? undefined : this.#options.api.example(message)
  }

  complete(line: string): [candidates: string[], word: string] {
    const schemas = this.#outgoing.flatMap(({ schema }) => (schema === undefined ? [] : [schema]))
    return completeJson(this.#options.api.document, schemas, line)
  }

  describe(width: number): string {
    return describeApi(this.#options.api, width, this.#options.colours)
  }

  checkOutgoing(message: Message): string | undefined {
    return this.#check(message, this.#outgoing)
  }

  checkIncoming(message: Message): string | undefined {
    return this.#check(message, this.#incoming)
  }

  #check(message: Message, allowed: readonly ApiMessage[]): string | undefined {
    if (allowed.length === 0) return 'the document has no message in this direction'
    if (allowed.some(({ isJson, schema }) => !isJson || schema === undefined)) return undefined
    if (typeof message !== 'string') return 'the document has no binary message'
    let value: unknown
    try {
      value = JSON.parse(message)
    } catch {
      return 'it is no JSON, as the document has it'
    }
    const { api } = this.#options
    const complaints = allowed.map(one => ({ name: one.name, complaint: api.check(one, value) }))
    if (complaints.some(({ complaint }) => complaint === undefined)) return undefined
    // The message that was meant is likely the one with the least to complain of.
    const parts = (text: string): number => text.split('; ').length
    const [nearest] = complaints.sort((one, other) => parts(one.complaint!) - parts(other.complaint!))
    const others = allowed.length === 1 ? '' : `it is none of ${this.#names(allowed)}; `
    return `${others}as "${nearest!.name}": ${nearest!.complaint}`
  }

  #names(messages: readonly ApiMessage[]): string {
    return messages.map(({ name }) => `"${name}"`).join(', ')
  }
}

function chooseChannels(api: Api, name: string | undefined, url: string): readonly ApiChannel[] {
  if (name !== undefined) return [findChannel(api, name)]
  const { pathname } = new URL(url)
  const atPath = api.channels.filter(({ address }) => {
    const escaped = address.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')
    return address !== '' && address !== '/' && new RegExp(`${escaped.replace(/^\/?/, '/')}/?$`).test(pathname)
  })
  return atPath.length > 0 ? atPath : api.channels
}

/** @throws UsageError */
export function findChannel(api: Api, name: string): ApiChannel {
  const found = api.channels.find(channel => channel.name === name)
  if (found !== undefined) return found
  const names = api.channels.map(channel => channel.name)
  const meant = closest(name, names)
  const advice = meant === undefined ? `It has: ${names.join(', ')}` : `Did you mean "${meant}"?`
  throw new UsageError(`The document has no channel "${name}"`, advice)
}

/** Channels with their messages, and operations, for people. */
export function describeApi(api: Api, width: number, colours: Colours): string {
  const ui = cliui({ width, wrap: true })
  const all = [...api.channels.map(({ name }) => name), ...api.operations.map(({ name }) => name)]
  const left = Math.min(Math.max(...all.map(name => name.length)) + 4, Math.floor(width / 2))
  const row = (name: string, text: string): void => {
    ui.div({ text: `  ${colours.cyan(name)}`, width: left }, { text })
  }
  if (api.title !== '') ui.div({ text: colours.bold(api.title) })
  ui.div({ text: 'Channels' })
  for (const { name, address, messages, summary } of api.channels) {
    row(name, [address, summary].filter(Boolean).join('  '))
    for (const message of messages) {
      row('', `${message.name}${message.summary === '' ? '' : `  ${colours.dim(message.summary)}`}`)
    }
  }
  if (api.operations.length > 0) ui.div({ text: 'Operations' })
  for (const { name, action, channel, messages, summary } of api.operations) {
    const what = messages.map(message => message.name).join(', ')
    row(name, `${action} ${what} on ${channel}${summary === '' ? '' : `  ${colours.dim(summary)}`}`)
  }
  return ui.toString()
}
