import { apiCalls } from './api-calls.ts'
import { memoryOfReads } from './memory-of-reads.ts'
import type { Property } from './property.ts'
import { responseHeads } from './response-heads.ts'
import { roundTrip } from './round-trip.ts'
import { serverBytes } from './server-bytes.ts'
import { sockets } from './sockets.ts'
import { streamCalls } from './stream-calls.ts'
import { wsDifferential } from './ws-differential.ts'

/** All that is tried, in the short run and in the long one. */
export const allProperties: readonly Property[] = [
  ...serverBytes,
  ...memoryOfReads,
  ...sockets,
  ...apiCalls,
  ...streamCalls,
  ...roundTrip,
  ...responseHeads,
  ...wsDifferential,
]
