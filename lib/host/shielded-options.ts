/** Options that `tls.connect` has defaults for. Nothing inherited takes their place, but undefined would. */
const DEFAULTED = ['checkServerIdentity', 'ciphers', 'minDHSize', 'rejectUnauthorized']

/** The members of every Object.prototype. No option of a host has one of these names. */
const STANDARD = /^(__.*__|constructor|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|to(Locale)?String|valueOf)$/

/**
 * A copy of options for a function of the host, which takes nothing else from a polluted Object.prototype. To have no prototype
 * is not enough: Node.js copies what it is given into objects that inherit from there. So what pollutes it is shadowed.
 */
export function shielded<Options extends object>(options: Options): Options {
  const names = Object.getOwnPropertyNames(Object.prototype).filter(name => !STANDARD.test(name))
  // An object without a prototype is slow to make, to read and to copy (bench: connect and close).
  if (names.length === 0) return { ...options }
  const shield: Record<string, unknown> = { __proto__: null, ...options }
  for (const name of names) if (!(name in shield) && !DEFAULTED.includes(name)) shield[name] = undefined
  return shield as Options
}
