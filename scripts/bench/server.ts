/**
 * The server process. It writes prepared frames, or counts or echoes what it receives, with little code of its own over TCP, so
 * that it is not what a measurement waits for. The path of a request names the scenario. The server tells its ports to the
 * process that started it, and ends with that process.
 */
import { type AddressInfo, createServer } from 'node:net'
import process from 'node:process'
import { createServer as createTlsServer } from 'node:tls'
import { certificate, privateKey } from '../../wpt/server/certificate.ts'
import { Peer } from './peer.ts'

const servers = [
  createServer(socket => void new Peer(socket)),
  createTlsServer({ cert: certificate, key: privateKey }, socket => void new Peer(socket)),
]
const ports = await Promise.all(
  servers.map(
    server =>
      new Promise<number>(resolve => {
        server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
          resolve((server.address() as AddressInfo).port),
        )
      }),
  ),
)
process.on('disconnect', () => process.exit())
// Ctrl-C reaches this process too, but the benchmark asks for its CPU time once more.
process.on('SIGINT', () => {})
// Any message asks for the microseconds of CPU time used so far.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.send?.(ports)
