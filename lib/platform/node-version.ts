import { process } from '../host/node-process.ts'

/** The major version of Node.js. Infinity on Bun and Deno, which name one as well: they have none of its old faults. */
export const NODE_MAJOR: number =
  process.versions.bun === undefined && process.versions.deno === undefined
    ? Number.parseInt(process.versions.node, 10)
    : Number.POSITIVE_INFINITY
