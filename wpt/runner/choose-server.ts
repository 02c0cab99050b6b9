import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../server/server.ts'
import { serveModule } from './module-files.ts'
import { UsageError } from './options.ts'
import type { Hosts, Server } from './server.ts'
import { findUpstreamServer, startUpstreamServer } from './upstream-server.ts'

/**
 * Starts or finds the server that `choice` names: `ours`, `upstream` (wpt serve of the checkout) or the address of a running wpt
 * serve. By default it is upstream's if the checkout has it, otherwise ours. @throws {UsageError} when it does not start or answer
 */
export async function chooseServer(
  choice: string | undefined,
  checkout: string | undefined,
  hosts: Hosts,
): Promise<Server> {
  const upstreamHere = checkout !== undefined && existsSync(join(checkout, 'tools/serve/serve.py'))
  const chosen = choice ?? (upstreamHere ? 'upstream' : 'ours')
  if (chosen === 'ours') return startOurs(checkout, hosts)
  if (checkout === undefined)
    throw new UsageError('an upstream server serves the tests of a checkout: name it with --upstream')
  if (chosen !== 'upstream') return findUpstreamServer(chosen, checkout)
  if (!upstreamHere) throw new UsageError(`${checkout} has no tools/serve, so no server of its own`)
  return startUpstreamServer(checkout, hosts)
}

async function startOurs(checkout: string | undefined, hosts: Hosts): Promise<Server> {
  const files = checkout === undefined ? {} : { checkout }
  const { host, ports, close } = await startServer({ ...hosts, ...files, serveMore: serveModule })
  return { name: 'the handlers of this package', host, port: scheme => ports[scheme][0]!, close }
}
