import type { WebSocketOptions } from '#lib/entry/node.js'
import { type Exchanged, exchange } from './exchange.ts'
import { createRandom } from './random.ts'
import { type ServerDeflate, type ServerKind, type ServerSettings, serverKinds, startServer } from './servers.ts'

/** The options of the client, each with the offer that it makes. */
const offers: ReadonlyArray<readonly [offer: string, option: NonNullable<WebSocketOptions['perMessageDeflate']>]> = [
  ['permessage-deflate; client_max_window_bits', true],
  ['permessage-deflate; client_max_window_bits', { threshold: 0, level: 9, memLevel: 9 }],
  [
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
  ],
  [
    'permessage-deflate; server_max_window_bits=10; client_max_window_bits=9',
    { serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
  ],
  ['permessage-deflate', { clientMaxWindowBits: false }],
  ['', false],
]

export interface ExchangeOptions {
  /** Messages in each exchange. */
  readonly messages: number
  /** Of the random messages. */
  readonly seed: number
  /** Prints a line for each exchange. */
  readonly verbose: boolean
}

/**
 * Exchanges random messages with servers that have settings for compression, each setting against offers of all kinds. Prints
 * which part of the payload went over the wire, and returns the failures.
 *
 * @param names of those servers
 */
export async function runExchanges(names: readonly string[], options: ExchangeOptions): Promise<string[]> {
  const failures: string[] = []
  console.log(`\nSeed ${options.seed}, ${options.messages} messages in each exchange\n`)
  console.log('| server | it agrees to | exchanges that compress | plain | refused | sent, of its payload | received |')
  console.log('|---|---|---:|---:|---:|---:|---:|')
  for (const kind of serverKinds.filter(({ name }) => names.includes(name))) {
    for (const settings of kind.settings) failures.push(...(await exchangeWith(kind, settings, options)))
  }
  console.log(`\n${failures.length === 0 ? 'All messages came back.' : failures.join('\n')}`)
  return failures
}

/** Runs all offers against a server, prints a row of the table, and returns the failures. */
async function exchangeWith(
  kind: ServerKind,
  settings: ServerSettings,
  { seed, messages, verbose }: ExchangeOptions,
): Promise<string[]> {
  const server = await startServer(kind.command(), settings)
  const name = `${kind.name} ${server.version} | ${describe(settings)}`
  const failures: string[] = []
  const compressing: Exchanged[] = []
  let plain = 0
  let refused = 0
  const exchangeOver = async ([offer, perMessageDeflate]: (typeof offers)[number]): Promise<void> => {
    const what = `${name} | ${offer || 'no offer'}`
    try {
      const result = await exchange(server.port, { perMessageDeflate }, createRandom(seed), messages)
      const wrong = judge(settings, offer, result)
      if (wrong !== undefined || kind.refuses?.(settings, offer)) throw new Error(wrong ?? 'it was to be refused')
      if (result.extensions === '') plain++
      else compressing.push(result)
      if (verbose) console.error(`${what} | ${result.extensions}`)
    } catch (error) {
      const { message } = error as Error
      if (message.includes('status 400') && kind.refuses?.(settings, offer)) refused++
      else failures.push(`${what} | ${message}`)
    }
  }
  try {
    await Promise.all(offers.map(exchangeOver))
  } finally {
    await server.stop()
  }
  const columns = [compressing.length, plain, refused, part(compressing, 'toServer'), part(compressing, 'toClient')]
  console.log(`| ${name} | ${columns.join(' | ')} |`)
  return failures
}

function describe({ deflate, fragments }: ServerSettings): string {
  if (deflate === null) return `no compression${fragments ? ', in frames' : ''}`
  const names: { [Name in keyof ServerDeflate]-?: string } = {
    serverNoContextTakeover: 'no context of its own',
    clientNoContextTakeover: 'none of ours',
    serverMaxWindowBits: 'its window',
    clientMaxWindowBits: 'ours',
  }
  const parts = Object.entries(deflate).map(([key, value]) => {
    return names[key as keyof ServerDeflate] + (value === true ? '' : ` ${value}`)
  })
  return [parts.join(', ') || 'anything', ...(fragments ? ['in frames'] : [])].join(', ')
}

/** Returns what is wrong: compression that was not agreed on, or none although it was. */
function judge({ deflate }: ServerSettings, offer: string, result: Exchanged): string | undefined {
  const { extensions, messages, payload, noise, toServer, toClient } = result
  if (offer === '' || deflate === null) return extensions === '' ? undefined : `${extensions} is in use`
  if (extensions === '') return undefined
  if (!/^permessage-deflate(?:$|;)/.test(extensions)) return `${extensions} is in use`
  const most = noise * 1.01 + (payload - noise) * 0.7 + messages * 100
  if (toServer > most) return 'we do not compress'
  return toClient > most ? 'it does not compress' : undefined
}

function part(results: readonly Exchanged[], direction: 'toServer' | 'toClient'): string {
  if (results.length === 0) return ''
  const parts = results.map(result => Math.round((result[direction] / result.payload) * 100))
  const [least, most] = [Math.min(...parts), Math.max(...parts)]
  return least === most ? `${least}%` : `${least}-${most}%`
}
