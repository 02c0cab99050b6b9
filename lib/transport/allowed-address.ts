import { attempt } from '../host/attempt.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { unmapped } from './ip-address.ts'
import type { NetworkOptions } from './network.ts'

/**
 * Why the option `allowAddress` refuses an IP address; undefined if it allows a connection there. An error that it throws refuses
 * the address, and so does the promise of an async function.
 */
export function refusalOf(
  address: string | undefined,
  allowAddress: NetworkOptions['allowAddress'],
): ConnectionError | undefined {
  let cause: unknown
  try {
    if (allowAddress === undefined) return undefined
    const answer: unknown = address !== undefined && allowAddress(unmapped(address))
    if (answer === true) return undefined
    // A promise is refused. Its rejection is handled here, since nobody else waits for it.
    attempt(() => answer)
  } catch (error) {
    cause = error
  }
  return addressRefused(address ?? 'an unknown address', cause)
}

/** The addresses that may be connected to. @throws ConnectionError if there is none */
export function allowedOnly<Entry extends { readonly address: string }>(
  addresses: readonly Entry[],
  allowAddress: NetworkOptions['allowAddress'],
): readonly Entry[] {
  let cause: unknown
  const allowed = addresses.filter(({ address }) => {
    const refusal = refusalOf(address, allowAddress)
    cause = refusal?.cause
    return refusal === undefined
  })
  if (allowed.length > 0) return allowed
  throw addressRefused(addresses.map(({ address }) => address).join(', '), cause)
}

/**
 * @param what the refused address or addresses, or words for a target that has none
 * @param cause what the option has thrown
 */
export function addressRefused(what: string, cause?: unknown): ConnectionError {
  return new ConnectionError('WS_ERR_ADDRESS_REFUSED', `The option "allowAddress" does not allow ${what}`, { cause })
}
