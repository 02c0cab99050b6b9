import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import cliui from 'cliui'
import { handshake, ping } from '#lib/entry/node.js'
import { checkUrl } from '../check-url.ts'
import { type Message, messageEntry } from '../exchange-record.ts'
import { closest, count, printable, readBase64 } from '../text.ts'
import { UsageError } from '../usage-error.ts'
import { describeFileError } from '../values.ts'
import type { Connection, Desk } from './desk.ts'
import type { Variable } from './saved-messages.ts'

/** A command of the conversation, typed as `/name arguments`. */
export interface Command {
  readonly name: string
  readonly usage: string
  readonly summary: string
  /** @throws Error whose message is shown */
  run(desk: Desk, rest: string): void | Promise<void>
  /** Candidates for the last word of the arguments. */
  complete?(desk: Desk, word: string, words: readonly string[]): string[]
}

export const commands: readonly Command[] = [
  {
    name: 'send',
    usage: 'NAME [VARIABLE=VALUE…]',
    summary: 'send a saved message',
    run: sendSaved,
    complete: (desk, _word, words) =>
      words.length > 1
        ? [...desk.saved.variables.keys()].map(name => `${name}=`)
        : [...desk.saved.names, ...(desk.catalog?.names ?? [])],
  },
  {
    name: 'binary',
    usage: 'HEX | base64:TEXT',
    summary: 'send bytes',
    run: (desk, rest) => desk.send(readBytes(rest)),
  },
  {
    name: 'file',
    usage: '[-b] PATH',
    summary: 'send a file: as text if it is UTF-8, as bytes otherwise or with -b',
    run: sendFile,
    complete: (_desk, word) => completePath(word),
  },
  { name: 'ping', usage: '[TEXT]', summary: 'send a ping, and show the time until its pong', run: sendPing },
  {
    name: 'find',
    usage: 'WORDS | /REGEXP/ | .PATH[=VALUE]',
    summary: 'show messages with these words, or with this value in their JSON',
    run: find,
  },
  { name: 'show', usage: '[NUMBER]', summary: 'show a message whole, the last one without a number', run: show },
  {
    name: 'json',
    usage: '[on|off]',
    summary: 'lay out JSON, or show it as it came',
    run: switchJson,
    complete: () => ['on', 'off'],
  },
  { name: 'headers', usage: '', summary: 'show the handshake of the connection', run: showHeaders },
  {
    name: 'save',
    usage: 'FILE',
    summary: 'write the messages so far to a file, for replay',
    run: saveTranscript,
    complete: (_desk, word) => completePath(word),
  },
  {
    name: 'keep',
    usage: 'NAME [TEXT]',
    summary: 'save a message in .websocket.json, the last one sent without a text',
    run: keep,
  },
  { name: 'messages', usage: '', summary: 'list the saved messages and the variables', run: listSaved },
  {
    name: 'set',
    usage: 'VARIABLE VALUE',
    summary: 'set a variable of the saved messages',
    run: setVariable,
    complete: (desk, _word, words) => (words.length > 1 ? [] : [...desk.saved.variables.keys()]),
  },
  {
    name: 'channels',
    usage: '',
    summary: 'list the channels and operations of the AsyncAPI document',
    run: listChannels,
  },
  { name: 'open', usage: 'URL', summary: 'open a further connection, with the same options', run: openUrl },
  {
    name: 'switch',
    usage: '[NUMBER]',
    summary: 'talk on another connection; list them without a number',
    run: switchTo,
    complete: desk => desk.connections.map(({ number }) => String(number)),
  },
  { name: 'reconnect', usage: '', summary: 'connect again', run: desk => desk.reconnect() },
  {
    name: 'close',
    usage: '[CODE [REASON]]',
    summary: 'close the connection',
    run(desk, rest) {
      const [code, reason] = splitWord(rest)
      if (code !== '' && !/^\d+$/.test(code)) throw new Error('A code is 1000, or 3000 to 4999')
      desk.current.link.close(code === '' ? 1000 : Number(code), reason)
    },
  },
  { name: 'quit', usage: '', summary: 'close all connections and leave; so does Ctrl+D', run: desk => desk.leave() },
  { name: 'help', usage: '', summary: 'list the commands', run: help },
]

/** Runs a line that begins with a slash. What is wrong is shown. */
export async function runCommand(desk: Desk, line: string): Promise<void> {
  const [name, rest] = splitWord(line.slice(1))
  const command = commands.find(one => one.name === name)
  try {
    if (command !== undefined) await command.run(desk, rest)
    else {
      const meant = closest(
        name,
        commands.map(one => one.name),
      )
      const advice = meant === undefined ? '/help lists the commands.' : `Did you mean /${meant}?`
      desk.note('red', `There is no command /${name}. ${advice} To send it as a text, type //${name}`)
    }
  } catch (error) {
    const advice = error instanceof UsageError && error.advice !== undefined ? `. ${error.advice}` : ''
    desk.note('red', printable((error as Error).message + advice))
  }
}

/** Candidates for the last word of a line, and that word. */
export function completeLine(desk: Desk, line: string): [candidates: string[], word: string] {
  if (!line.startsWith('/') || line.startsWith('//')) return desk.catalog?.complete(line) ?? [[], line]
  const words = line.slice(1).split(' ')
  if (words.length === 1) {
    const names = commands.map(({ name, usage }) => `/${name}${usage === '' ? '' : ' '}`)
    return [names.filter(name => name.startsWith(line)), line]
  }
  const word = words.at(-1)!
  const command = commands.find(({ name }) => name === words[0])
  const candidates = command?.complete?.(desk, word, words.slice(1)) ?? []
  return [candidates.filter(one => one.startsWith(word)), word]
}

async function sendSaved(desk: Desk, rest: string): Promise<void> {
  const { saved, catalog } = desk
  const [name, others] = splitName(rest, [...saved.names, ...(catalog?.names ?? [])])
  if (name === '') throw new Error('/send takes the name of a message. /messages lists them')
  const template = saved.template(name) ?? catalog?.template(name)
  if (template === undefined) {
    const meant = closest(name, [...saved.names, ...(catalog?.names ?? [])])
    const advice = meant === undefined ? '/messages lists them' : `Did you mean "${meant}"?`
    throw new Error(`There is no message "${name}". ${advice}`)
  }
  const given = new Map<string, Variable>()
  for (const word of others.match(/[\w.-]+=(?:"[^"]*"|\S*)/g) ?? []) {
    const [, key, value] = /^([\w.-]+)="?(.*?)"?$/s.exec(word)!
    given.set(key!, saved.typed(key!, value!))
  }
  for (const variable of saved.missing(template, given))
    given.set(variable, saved.typed(variable, await desk.ask(`${variable}: `)))
  desk.send(saved.fill(template, given))
}

/** The name of a message, which may have spaces, and what follows it. */
function splitName(rest: string, names: readonly string[]): [name: string, others: string] {
  const longest = names
    .filter(name => rest === name || rest.startsWith(`${name} `))
    .reduce((one, other) => (other.length > one.length ? other : one), '')
  return longest === '' ? splitWord(rest) : [longest, rest.slice(longest.length).trim()]
}

function readBytes(text: string): Uint8Array<ArrayBuffer> {
  if (text.startsWith('base64:')) {
    const bytes = readBase64(text.slice(7))
    if (bytes === undefined) throw new Error('/binary takes Base64 after "base64:": /binary base64:yv4=')
    return bytes
  }
  const pairs = text.replace(/\s|0x/g, '')
  if (!/^([\da-f]{2})+$/i.test(pairs)) throw new Error('/binary takes pairs of hexadecimal digits: /binary ca fe')
  return Uint8Array.from(Buffer.from(pairs, 'hex'))
}

function sendFile(desk: Desk, rest: string): void {
  const asBytes = rest.startsWith('-b ')
  const path = (asBytes ? rest.slice(3) : rest).trim().replace(/^~(?=\/)/, homedir())
  if (path === '') throw new Error('/file takes the path of a file')
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new Error(`The file cannot be read: ${describeFileError(error, path)}`)
  }
  desk.send(asBytes ? Uint8Array.from(bytes) : textOrBytes(bytes))
}

function textOrBytes(bytes: Buffer): Message {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Uint8Array.from(bytes)
  }
}

function completePath(word: string): string[] {
  const folder = word.endsWith('/') ? word : dirname(word)
  const place = folder.replace(/^~(?=\/|$)/, homedir())
  try {
    return readdirSync(place).map(name => {
      const path = folder === '.' && !word.startsWith('./') ? name : join(folder, name)
      return statSync(join(place, name), { throwIfNoEntry: false })?.isDirectory() === true ? `${path}/` : path
    })
  } catch {
    return []
  }
}

async function sendPing(desk: Desk, rest: string): Promise<void> {
  const connection = desk.current
  const milliseconds = await ping(connection.link.socket, rest)
  desk.note('green', `pong after ${milliseconds.toFixed(1)} ms`, connection)
}

function find(desk: Desk, rest: string): void {
  if (rest === '') throw new Error('/find takes words, a /regular expression/, or a .path of JSON')
  const found = desk.current.transcript.find(rest)
  for (const kept of found) desk.showKept(kept)
  desk.note(
    'dim',
    found.length === 0 ? 'Nothing was found.' : `${count(found.length, 'message')}; /show N has it whole.`,
  )
}

function show(desk: Desk, rest: string): void {
  const { transcript } = desk.current
  const kept = rest === '' ? transcript.messages.at(-1) : transcript.get(Number(rest))
  if (kept === undefined) throw new Error(rest === '' ? 'There is no message yet' : `There is no message ${rest}`)
  desk.showKept(kept, true)
}

function switchJson(desk: Desk, rest: string): void {
  if (!['', 'on', 'off'].includes(rest)) throw new Error('/json takes "on" or "off"')
  desk.pretty = rest === '' ? !desk.pretty : rest === 'on'
  desk.note('dim', desk.pretty ? 'JSON is laid out.' : 'JSON is shown as it came.')
}

function showHeaders(desk: Desk): void {
  const { link, request } = desk.current
  const isHttp2 = request !== undefined && !request.headers.some(([name]) => name.toLowerCase() === 'upgrade')
  const version = isHttp2 ? 'HTTP/2' : 'HTTP/1.1'
  if (request !== undefined) {
    desk.note('cyan', printable(`> ${isHttp2 ? 'CONNECT' : 'GET'} ${request.target} ${version}`))
    for (const [name, value] of request.headers) desk.note('dim', printable(`> ${name}: ${value}`))
  }
  const response = handshake(link.socket)
  if (response === undefined) throw new Error('There is no answer yet')
  desk.note('cyan', printable(`< ${version} ${response.status} ${response.statusText}`.trimEnd()))
  for (const [name, value] of response.headers) desk.note('dim', printable(`< ${name}: ${value}`))
}

function saveTranscript(desk: Desk, rest: string): void {
  const path = rest.trim().replace(/^~(?=\/)/, homedir())
  if (path === '') throw new Error('/save takes the path of a file')
  const { messages } = desk.current.transcript
  const lines = messages.map(({ direction, message, time }) => JSON.stringify(messageEntry(direction, message, time)))
  try {
    writeFileSync(path, lines.map(line => `${line}\n`).join(''))
  } catch (error) {
    throw new Error(`The file cannot be written: ${describeFileError(error, path)}`)
  }
  desk.note('green', `${count(messages.length, 'message')} saved. To play them: whatwg-websocket replay ${path}`)
}

function keep(desk: Desk, rest: string): void {
  const [name, text] = splitWord(rest)
  if (!/^[\w.-]+$/.test(name)) throw new Error('/keep takes a name of letters, digits and - . _')
  const last = desk.current.transcript.messages.findLast(({ direction }) => direction === 'sent')?.message
  const kept = text === '' ? last : text
  if (typeof kept !== 'string') throw new Error('No text was sent yet: /keep NAME TEXT keeps one')
  desk.saved.keep(name, kept)
  desk.note('green', `Kept in .websocket.json: /send ${name} sends it`)
}

function listSaved(desk: Desk): void {
  const { saved, catalog } = desk
  const rows = saved.names.map(name => [name, asText(saved.template(name))] as const)
  const described = (catalog?.names ?? []).map(name => [name, asText(catalog!.template(name))] as const)
  const variables = [...saved.variables].map(([name, value]) => [`{{${name}}}`, String(value)] as const)
  if (rows.length + described.length + variables.length === 0) {
    desk.note('dim', 'No message is saved. /keep NAME TEXT saves one.')
  } else desk.note('plain', table([...rows, ...described, ...variables], desk))
}

function asText(template: unknown): string {
  return printable(typeof template === 'string' ? template : JSON.stringify(template))
}

function setVariable(desk: Desk, rest: string): void {
  const [, name, value] = /^([\w.-]+)(?:\s*=\s*|\s+)(.+)$/s.exec(rest) ?? []
  if (name === undefined || value === undefined) {
    throw new Error('/set takes a variable and its value: /set room 12')
  }
  desk.saved.setVariable(name, desk.saved.typed(name, value))
  desk.note('green', printable(`{{${name}}} is ${value}`))
}

function listChannels(desk: Desk): void {
  if (desk.catalog === undefined) throw new Error('There is no AsyncAPI document: --asyncapi FILE names one')
  desk.note('plain', desk.catalog.describe(desk.width))
}

function openUrl(desk: Desk, rest: string): void {
  if (rest === '') throw new Error('/open takes a URL')
  desk.open(checkUrl(rest))
}

function switchTo(desk: Desk, rest: string): void {
  if (rest !== '') {
    if (!/^\d+$/.test(rest)) throw new Error('/switch takes the number of a connection. Without one, it lists them')
    return desk.switchTo(Number(rest))
  }
  const rows = desk.connections.map(({ number, link }: Connection) => {
    const mark = number === desk.current.number ? ' *' : ''
    return [
      `${number}${mark}`,
      `${printable(link.socket.url)} ${['connecting', 'open', 'closing', 'closed'][link.socket.readyState]}`,
    ] as const
  })
  desk.note('plain', table(rows, desk))
}

function help(desk: Desk): void {
  const rows = commands.map(({ name, usage, summary }) => [`/${name} ${usage}`.trimEnd(), summary] as const)
  const others = [
    ['//TEXT', 'send a text that begins with a slash'],
    ['Alt+Enter', 'a line break within a message; a paste of several lines is one message'],
    ['Tab, Up', 'complete a command; lines that were typed before'],
  ] as const
  desk.note('plain', table([...rows, ...others], desk))
}

/** Two columns, or where there is no room for them the second below the first. */
function table(rows: readonly (readonly [string, string])[], desk: Desk): string {
  const { width, colours } = desk
  const ui = cliui({ width, wrap: true })
  const first = Math.max(...rows.map(([left]) => left.length)) + 2
  const isNarrow = first > width / 2
  for (const [left, right] of rows) {
    if (isNarrow) {
      ui.div({ text: colours.cyan(left), padding: [0, 0, 0, 0] })
      ui.div({ text: right, padding: [0, 0, 0, 2] })
    } else ui.div({ text: colours.cyan(left), width: first }, { text: right })
  }
  return ui.toString()
}

function splitWord(text: string): [word: string, rest: string] {
  const trimmed = text.trimStart()
  const space = trimmed.search(/\s/)
  return space < 0 ? [trimmed, ''] : [trimmed.slice(0, space), trimmed.slice(space + 1).trim()]
}
