import { fork, spawn } from 'node:child_process'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findRuntimes } from '../runtimes/runtimes.ts'
import type { Figures, Order } from './order.ts'

const usage = `npm run load -- [options]    compare what many connections of one process cost

  --sockets N  connections that are held (default 10,000)
  -h, --help   print this

Compares this package with ws, undici, and the built-in classes of the runtimes that \`npm run runtimes\` has installed. Needs as many
file descriptors (ulimit -n), twice: for the client and for the server.`

const { values } = parseArgs({
  options: { sockets: { type: 'string', default: '10000' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) console.log(usage)
else await main(Number(values.sockets))

interface Client {
  readonly name: string
  readonly client: Order['client']
  readonly executable: string
}

async function main(sockets: number): Promise<void> {
  const clients: Client[] = ['ours', 'ours with connectInParallel', 'ws', 'undici'].map(client => ({
    name: `${client}, Node.js ${process.versions.node}`,
    client,
    executable: process.execPath,
  }))
  for (const { kind, name, version, executable } of findRuntimes()) {
    const hasClass = kind === 'bun' || (kind === 'node' && Number.parseInt(version, 10) >= 22)
    if (hasClass) clients.push({ name: `built-in, ${name} ${version}`, client: 'builtin', executable })
    if (kind === 'bun') clients.push({ name: `ours, ${name} ${version}`, client: 'ours', executable })
  }
  console.log(`${sockets} connections, deflate on`)
  console.log(
    '| client | KiB each | of the heap | opened/s in turn | in parallel | broadcast | loop delay p99 | longest |',
  )
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const [index, client] of clients.entries()) console.log(row(client, await measure(client, sockets, index + 1)))
}

/** Each client has a server of its own, on another address, so that no port of the one before is missing. */
async function measure({ client, executable }: Client, sockets: number, index: number): Promise<Figures | undefined> {
  const host = process.platform === 'linux' ? `127.0.1.${index}` : '127.0.0.1'
  const server = fork(file('server.js'), [host])
  const port = await new Promise<number>((resolve, reject) => {
    server.once('message', message => resolve(message as number))
    server.once('exit', () => reject(new Error('The server has ended')))
  })
  const order: Order = { client, url: `ws://${host}:${port}/`, sockets, inTurn: 500 }
  const flags = executable.endsWith('bun') ? [] : ['--expose-gc']
  const child = spawn(executable, [...flags, file('client.js'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = await text(child.stdout)
  server.kill('SIGKILL')
  return output === '' ? undefined : (JSON.parse(output) as Figures)
}

function row({ name }: Client, figures: Figures | undefined): string {
  if (figures === undefined) return `| ${name} | failed | | | | | | |`
  const { resident, heap, inTurn, parallel, broadcast, delay, longest } = figures
  const memory = [resident, heap].map(bytes => (bytes / 1024).toFixed(1))
  const times = [broadcast, delay, longest].map(time => `${time.toFixed(1)} ms`)
  return `| ${[name, ...memory, inTurn.toFixed(0), parallel.toFixed(0), ...times].join(' | ')} |`
}

function file(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url))
}
