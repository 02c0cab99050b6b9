import type { Port } from './port.ts'

/** Every port, in the order of upstream's folders; a list and not a directory scan, so that it loads in a browser too. */
export const ports: readonly Port[] = []
