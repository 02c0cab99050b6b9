import type { Trip } from './row.ts'

/** Ganache, a node of Ethereum whose blocks come when they are asked for, until the trip is over. */
export async function startGanache(trip: Trip): Promise<number> {
  const { default: ganache } = await trip.load('ganache')
  const server = ganache.server({ logging: { quiet: true }, wallet: { totalAccounts: 1 } })
  trip.after(() => server.close())
  await server.listen(0, '127.0.0.1')
  return server.address().port
}
