type EventClass = { readonly prototype: object }

/**
 * The event classes of this package, by the names of their interfaces, and whether they are joined to the host's. Shared by
 * the whole process, as classes and globals are.
 */
const joining = { classes: new Map<string, EventClass>(), done: false }

/** Registers a class for `joinHostClasses`. */
export function registerClass(name: string, ownClass: EventClass): void {
  joining.classes.set(name, ownClass)
}

/**
 * Sets the prototype of each class to the host's class of the same name, so that an event is an instance of both. A class
 * of ours that is itself the global one stays as it is.
 *
 * This has to happen before the first event. It does not happen on import, since reading the globals makes Node.js load much
 * of its own code (bench: import).
 */
export function joinHostClasses(): void {
  if (joining.done) return
  joining.done = true
  for (const [name, ownClass] of joining.classes) {
    const hostClass = (globalThis as unknown as Record<string, EventClass | undefined>)[name]
    if (hostClass === undefined || hostClass === ownClass) continue
    Object.setPrototypeOf(ownClass.prototype, hostClass.prototype)
  }
}
