import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import type { WebSocketOptions } from '#lib/entry/node.js'

/** What the client process does on each connection before its memory is measured. */
export interface MemoryScenario {
  readonly name: string
  readonly perMessageDeflate: NonNullable<WebSocketOptions['perMessageDeflate']>
  /** Whether the client sends, and receives, one message of 1 KiB. */
  readonly sends: boolean
  readonly receives: boolean
}

const NOTHING = { sends: false, receives: false }
const BOTH = { sends: true, receives: true }

const scenarios: readonly MemoryScenario[] = [
  { name: 'no compression', perMessageDeflate: false, ...BOTH },
  { name: 'agreed on, nothing sent yet', perMessageDeflate: true, ...NOTHING },
  { name: 'the server has compressed', perMessageDeflate: true, ...NOTHING, receives: true },
  { name: 'both have', perMessageDeflate: true, ...BOTH },
  {
    name: 'both have, windows of 9 bits',
    perMessageDeflate: { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    ...BOTH,
  },
  {
    name: 'both have, windows of 9 bits, `memLevel` 1',
    perMessageDeflate: { serverMaxWindowBits: 9, clientMaxWindowBits: 9, memLevel: 1 },
    ...BOTH,
  },
]

/** Measures the resident memory of an idle connection, each scenario in a client process of its own. Returns a Markdown table. */
export async function measureMemory(): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } })
  const message = 'a message of the server '.repeat(43)
  server.on('connection', (socket, request) => {
    socket.on('error', () => {})
    if (request.url === '/receives') socket.send(message)
  })
  await new Promise(resolve => server.once('listening', resolve))
  const rows = ['| Connection | KiB |', '|---|---:|']
  try {
    const { port } = server.address() as AddressInfo
    for (const scenario of scenarios) rows.push(`| ${scenario.name} | ${Math.round(await measure(port, scenario))} |`)
  } finally {
    for (const client of server.clients) client.terminate()
    server.close()
  }
  return rows.join('\n')
}

async function measure(port: number, scenario: MemoryScenario): Promise<number> {
  const program = fileURLToPath(new URL('memory-client.js', import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', program, `${port}`, JSON.stringify(scenario)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = await text(child.stdout)
  const result = Number(output)
  if (output === '' || Number.isNaN(result)) throw new Error(`The client says "${output}"`)
  return result
}
