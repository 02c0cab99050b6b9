/**
 * Runs `act`, which may redefine or delete the named own properties of `target`, and then puts them back as they were: upstream
 * has a fresh global for each file, a port shares its classes with all others.
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
