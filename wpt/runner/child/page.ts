/** The parts of the global scope that environment.ts defines, and that the types of Node.js do not have. */
const scope = globalThis as unknown as {
  readonly location: URL | undefined
  readonly dispatchEvent: (event: Event) => boolean
}

/** The address of the test's page, or of the worker's script. */
export function pageLocation(): URL {
  return scope.location!
}

/** Fires an event at the global scope. */
export function dispatch(event: Event): void {
  scope.dispatchEvent(event)
}
