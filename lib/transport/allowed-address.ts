import { ConnectionError } from '../protocol/errors.ts'
import { unmapped } from './ip-address.ts'
import type { NetworkOptions } from './network.ts'

/** Whether the option `allowAddress` allows a connection to an IP address. An error that it throws refuses the address. */
export function isAllowed(address: string, allowAddress: NonNullable<NetworkOptions['allowAddress']>): boolean {
  return (allowAddress(unmapped(address)) as unknown) === true
}

/** The addresses that may be connected to. @throws ConnectionError if there is none, and what the function throws */
export function allowedOnly<Entry extends { readonly address: string }>(
  addresses: readonly Entry[],
  allowAddress: NetworkOptions['allowAddress'],
): readonly Entry[] {
  if (allowAddress === undefined) return addresses
  const allowed = addresses.filter(({ address }) => isAllowed(address, allowAddress))
  if (allowed.length === 0) throw addressRefused(addresses.map(({ address }) => address).join(', '))
  return allowed
}

/** @param what the refused address or addresses, or words for a target that has none */
export function addressRefused(what: string): ConnectionError {
  return new ConnectionError('WS_ERR_ADDRESS_REFUSED', `The option "allowAddress" does not allow ${what}`)
}
