import process from 'node:process'
import { parseArgs } from 'node:util'
import type { WebSocketOptions } from '#lib/entry/node.js'
import { type Exchanged, exchange } from './exchange.ts'
import { createRandom } from './random.ts'
import { type ServerDeflate, type ServerKind, type ServerSettings, serverKinds, startServer } from './servers.ts'

const usage = `npm run interop -- [options] [SERVER...]

Exchanges random messages with the servers of other projects (${serverKinds.map(({ name }) => name).join(', ')}): each
with every compression setting that it has, against offers of all kinds. Prints which part of the payload went over the wire.
The exit code is 1 if a message was lost or changed, or a server is not available.

  --messages N    messages in each exchange (40)
  --seed N        repeats the messages of an earlier run
  --verbose       prints a line for each exchange
  --help          print this`

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

const { values, positionals } = parseArgs({
  options: {
    messages: { type: 'string', default: '40' },
    seed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
process.exitCode = values.help ? help() : await main()

function help(): number {
  console.log(usage)
  return 0
}

async function main(): Promise<number> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  const chosen = serverKinds.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const failures: string[] = []
  console.log(`Seed ${seed}, ${values.messages} messages in each exchange\n`)
  console.log('| Server | It agrees to | Exchanges that compress | plain | refused | Sent, of its payload | Received |')
  console.log('|---|---|---:|---:|---:|---:|---:|')
  for (const kind of chosen) {
    const command = kind.command()
    if (typeof command === 'string') failures.push(`${kind.name}: ${command}`)
    else for (const settings of kind.settings) failures.push(...(await exchangeWith(kind, command, settings, seed)))
  }
  for (const name of positionals)
    if (!chosen.some(kind => kind.name === name)) failures.push(`There is no server ${name}`)
  console.log(`\n${failures.length === 0 ? 'All messages came back.' : failures.join('\n')}`)
  return failures.length === 0 ? 0 : 1
}

/** Runs all offers against a server, prints a row of the table, and returns the failures. */
async function exchangeWith(
  kind: ServerKind,
  command: readonly string[],
  settings: ServerSettings,
  seed: number,
): Promise<string[]> {
  const server = await startServer(command, settings)
  const name = `${kind.name} ${server.version} | ${describe(settings)}`
  const failures: string[] = []
  const compressing: Exchanged[] = []
  let plain = 0
  let refused = 0
  const exchangeOver = async ([offer, perMessageDeflate]: (typeof offers)[number]): Promise<void> => {
    const what = `${name} | ${offer || 'no offer'}`
    try {
      const result = await exchange(server.port, { perMessageDeflate }, createRandom(seed), Number(values.messages))
      const wrong = judge(settings, offer, result)
      if (wrong !== undefined || kind.refuses?.(settings, offer)) throw new Error(wrong ?? 'it was to be refused')
      if (result.extensions === '') plain++
      else compressing.push(result)
      if (values.verbose) console.error(`${what} | ${result.extensions}`)
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
