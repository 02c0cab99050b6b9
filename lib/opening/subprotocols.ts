import { DOMException } from '../idl/dom-exception.ts'
import { isSequence, toDOMString } from '../idl/webidl.ts'
import { isToken, whyNoToken } from '../protocol/header-values.ts'

/** The subprotocols that a socket offers (RFC 6455 section 1.9): the argument or option `protocols`. */

/**
 * Converts `(DOMString or sequence<DOMString>)` to a list. Undefined becomes an empty list.
 *
 * @throws TypeError for a symbol
 */
export function toSubprotocols(value: unknown): string[] {
  if (value === undefined) return []
  return isSequence(value) ? Array.from(value, toDOMString) : [toDOMString(value)]
}

/**
 * Checks that each subprotocol is a token (RFC 6455 section 4.1, item 10 of the request) and is given once. Unlike RFC 6455,
 * but as the web-platform-tests have it, two that differ only in case are equal.
 *
 * @throws "SyntaxError" DOMException that says which one it is, and does not quote it: programs pass credentials this way
 */
export function validateSubprotocols(protocols: readonly string[]): void {
  const seen = new Set<string>()
  for (const [index, protocol] of protocols.entries()) {
    const name = `The subprotocol at index ${index}`
    if (!isToken(protocol)) throw new DOMException(`${name} is not a token: ${whyNoToken(protocol)}`, 'SyntaxError')
    const folded = protocol.toLowerCase()
    if (seen.has(folded)) throw new DOMException(`${name} is given twice`, 'SyntaxError')
    seen.add(folded)
  }
}
