/**
 * The server: frames that are made beforehand, or counted, or sent back, by a few lines over TCP, so that it is never
 * what a measurement waits for. It takes a scenario's name as the path, tells its ports to the process that started it, and
 * ends with that one.
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
// The key that stops a run reaches this process too, which is asked once more then.
process.on('SIGINT', () => {})
// Any message asks how much it has taken so far.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.send?.(ports)
