import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

export interface Options {
  /** The server to talk to; without one an echo server is started. */
  readonly url: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly protocols: readonly string[]
  readonly origin: string | undefined
  readonly certificateAuthority: string | undefined
  readonly insecure: boolean
  /** Milliseconds to wait for further messages once the input has ended. */
  readonly wait: number
  readonly help: boolean
}

/** The command line is wrong: the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `npm start                        an exchange with an echo server on this machine
npm start -- [options] URL       a conversation with the server at URL (ws:, wss:, http: or https:)

  -H, --header 'NAME: VALUE'     send this header with the opening handshake *
  -s, --subprotocol NAME         offer this subprotocol *
  -o, --origin ORIGIN            send this Origin
      --ca FILE                  trust the certificate authorities in this PEM file
  -k, --insecure                 trust any certificate
  -w, --wait SECONDS             close this long after the last message once the input has ended (default 1)
  -h, --help                     print this

* may be given more than once. Each line that you type is sent as a text message; /help lists the commands.
If the input is not a terminal, its lines are sent unchanged, and standard output has only what the server sent.`

const definitions = {
  header: { type: 'string', short: 'H', multiple: true },
  subprotocol: { type: 'string', short: 's', multiple: true },
  origin: { type: 'string', short: 'o' },
  ca: { type: 'string' },
  insecure: { type: 'boolean', short: 'k' },
  wait: { type: 'string', short: 'w' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @throws {UsageError} */
export function readOptions(commandLine: readonly string[]): Options {
  const { values, positionals } = parse(commandLine)
  if (positionals.length > 1)
    throw new UsageError(`One URL at most, not ${positionals.length}: ${positionals.join(' ')}`)
  const url = positionals[0]
  const given = Object.keys(values).find(name => name !== 'help')
  if (url === undefined && given !== undefined && values.help !== true) throw new UsageError(`--${given} needs a URL`)
  return {
    url,
    headers: (values.header ?? []).map(readHeader),
    protocols: values.subprotocol ?? [],
    origin: values.origin,
    certificateAuthority: values.ca === undefined ? undefined : readFile(values.ca),
    insecure: values.insecure === true,
    wait: readSeconds(values.wait ?? '1') * 1000,
    help: values.help === true,
  }
}

function parse(commandLine: readonly string[]) {
  try {
    return parseArgs({ args: [...commandLine], options: definitions, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function readHeader(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon < 1) throw new UsageError(`A header is written 'Name: value', not ${JSON.stringify(text)}`)
  return [text.slice(0, colon), text.slice(colon + 1).trim()]
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds >= 0 && seconds <= 86_400)) {
    throw new UsageError(`--wait is a number of seconds from 0 to 86400, not ${JSON.stringify(text)}`)
  }
  return seconds
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`The file of --ca cannot be read: ${(error as Error).message}`)
  }
}
