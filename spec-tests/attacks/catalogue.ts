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

/** All attacks that a server can make, by the part of the client that they aim at. */
export const catalogue: Readonly<Record<string, readonly Attack[]>> = {
  compression: compressionAttacks,
  frames: frameAttacks,
  floods: floodAttacks,
  handshake: handshakeAttacks,
  refusals: refusalAttacks,
  TLS: tlsAttacks,
  closing: closingAttacks,
}

/** What is seen in the bytes that the client sends. */
export const checks: readonly Check[] = [...sentByteChecks, ...injectionChecks]
