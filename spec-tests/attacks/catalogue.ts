import type { Attack } from './attack.ts'
import { closingAttacks } from './catalogue/closing.ts'
import { compressionAttacks } from './catalogue/compression.ts'
import { floodAttacks } from './catalogue/floods.ts'
import { frameAttacks } from './catalogue/frames.ts'
import { handshakeAttacks } from './catalogue/handshake.ts'
import { injectionChecks } from './catalogue/injection.ts'
import { refusalAttacks } from './catalogue/refusals.ts'
import { sentByteChecks } from './catalogue/sent-bytes.ts'
import { tlsAttacks } from './catalogue/tls.ts'
import type { Check } from './check.ts'

/** All attacks that a server can make. */
export const catalogue: readonly Attack[] = [
  ...compressionAttacks,
  ...frameAttacks,
  ...floodAttacks,
  ...handshakeAttacks,
  ...refusalAttacks,
  ...tlsAttacks,
  ...closingAttacks,
]

/** What is seen in the bytes that the client sends. */
export const checks: readonly Check[] = [...sentByteChecks, ...injectionChecks]
