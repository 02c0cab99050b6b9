/** Options that `tls.connect` has defaults for. Nothing inherited takes their place, but undefined would. */
const DEFAULTED: ReadonlySet<string> = new Set(['checkServerIdentity', 'ciphers', 'minDHSize', 'rejectUnauthorized'])

/**
 * Options for a function of the host, which takes nothing else from a polluted Object.prototype. To have no prototype is not
 * enough: Node.js copies what it is given into objects that inherit from there. So all that stands there is shadowed.
 */
export function shielded<Options extends object>(options: Options): Options {
  const shield: Record<string, unknown> = { __proto__: null, ...options }
  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    if (!(name in shield) && !DEFAULTED.has(name)) shield[name] = undefined
  }
  return shield as Options
}
