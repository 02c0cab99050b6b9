import { isSequence, toDOMString } from '../../idl/webidl.ts'
import { invalid, ownMembers, type Readers } from './reading.ts'

/**
 * The dictionary `WebSocketInit`, which the WebSockets Standard is about to take as the second argument of its constructor, in
 * a union with the subprotocols. The options of this package are its members and more.
 *
 * @see https://github.com/whatwg/websockets/pull/76
 */
export interface WebSocketInit {
  /** Subprotocols, in order of preference. Default: none. */
  readonly protocols?: string | Iterable<string>
  /**
   * The IP address space of the server, which browsers hold against a permission (Local Network Access). Here it is checked to
   * be one, and has no effect.
   *
   * @see https://wicg.github.io/local-network-access/
   */
  readonly targetAddressSpace?: 'public' | 'local' | 'loopback'
}

export interface Settings {
  /** The value as the caller gave it. The constructors convert it, as Web IDL converts their second argument. */
  readonly protocols: unknown
  readonly targetAddressSpace: string | undefined
}

export const readers: Readers<Settings> = { protocols: value => value, targetAddressSpace: readTargetAddressSpace }

/** Converts to the enumeration `IPAddressSpace`. */
function readTargetAddressSpace(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  const space = toDOMString(value)
  return ADDRESS_SPACES.has(space) ? space : invalid(name, '"public", "local" or "loopback"')
}

const ADDRESS_SPACES: ReadonlySet<string> = new Set(['public', 'local', 'loopback'])

/**
 * Whether Web IDL converts the second argument to the dictionary, not to one subprotocol or a list of them: undefined, null, and
 * any object that is no sequence, a function too.
 *
 * @see https://webidl.spec.whatwg.org/#js-union
 */
export function isInit(value: unknown): value is object | null | undefined {
  const isObject = typeof value === 'object' || typeof value === 'function'
  return value === undefined || (isObject && !isSequence(value))
}

/** Options as they were given; undefined for a member that counts as absent. */
export type GivenOptions = Record<string, unknown>

/**
 * Copies options: the own members of `given`, and of the dictionary inherited members as well, as Web IDL has it. Each getter is
 * called once.
 *
 * Unlike the spec, what `Object.prototype` has does not count: nobody gave it.
 *
 * @see https://webidl.spec.whatwg.org/#js-dictionary
 * @param dictionary the names of the members that may be inherited
 */
export function copyOptions(
  given: object | null | undefined,
  dictionary: readonly string[] = Object.keys(readers),
): GivenOptions {
  const options: GivenOptions = ownMembers((given ?? {}) as GivenOptions)
  for (const name of dictionary) {
    if (given !== undefined && given !== null && !(name in options) && hasMember(given, name)) {
      options[name] = (given as GivenOptions)[name]
    }
  }
  return options
}

/**
 * Copies options that are read once for each of many sockets: of a member that is an iterator, such as `map.entries()`, all that it
 * has left is kept, since it gives that once.
 */
export function copyDefaults(given: object | null | undefined): GivenOptions {
  const options = copyOptions(given)
  for (const name of ['headers', 'protocols']) {
    const value = options[name]
    if (isSequence(value) && Object.is(value[Symbol.iterator](), value)) options[name] = [...value]
  }
  return options
}

function hasMember(object: object, name: string): boolean {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    // The Object.prototype of any realm ends the search.
    if (Object.getPrototypeOf(holder) === null && Object.hasOwn(holder, 'hasOwnProperty')) return false
    if (Object.hasOwn(holder, name)) return true
  }
  return false
}
