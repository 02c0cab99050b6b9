import type { CaseGroup } from './case.ts'
import { closing } from './cases/closing.ts'
import { compressedFrames } from './cases/compressed-frames.ts'
import { compressionParameters, compressionSizes } from './cases/compression.ts'
import { fragmentation } from './cases/fragmentation.ts'
import { framing } from './cases/framing.ts'
import { largeMessages } from './cases/large.ts'
import { limits } from './cases/limits.ts'
import { pingsAndPongs } from './cases/pings.ts'
import { opcodes, reservedBits } from './cases/reserved.ts'
import { utf8 } from './cases/utf8.ts'
import { withTwins } from './twin.ts'

const groups: readonly CaseGroup[] = [
  framing,
  pingsAndPongs,
  reservedBits,
  opcodes,
  fragmentation,
  utf8,
  closing,
  limits,
  largeMessages,
  compressionParameters,
  compressionSizes,
  compressedFrames,
]

/** All that there is. */
export const suite: readonly CaseGroup[] = groups.map(withTwins)
