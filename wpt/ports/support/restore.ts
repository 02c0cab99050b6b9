/**
 * Runs `act`, which may redefine or delete the named own properties of `target`, and then restores them. Upstream has a fresh
 * global scope for each file, but ports share the classes under test.
 */
export function restoring(target: object, names: readonly string[], act: () => void): void {
  const kept = names.map(name => [name, Object.getOwnPropertyDescriptor(target, name)] as const)
  try {
    act()
  } finally {
    for (const [name, descriptor] of kept) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name)
      else Reflect.defineProperty(target, name, descriptor)
    }
  }
}
