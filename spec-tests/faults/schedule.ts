import fc from 'fast-check'

/** The way of bytes through the proxy: `down` from the server to the client, `up` from the client to the server. */
export type Direction = 'down' | 'up'

/** What the proxy does to the connection. Over wss it acts below TLS. */
export const faultKinds = [
  /** RST to both sides. */
  'reset',
  /** FIN to the client, while the server is gone. */
  'end',
  /** FIN to the server; what the server then sends, its FIN included, still reaches the client. */
  'server-end',
  /** FIN to the client, and the connection is closed without waiting for the FIN of the client. */
  'close',
  /** The bytes of this direction vanish from here on, and nobody is told. */
  'half-open',
  /** The bytes of both directions vanish from here on, and nobody is told. */
  'black-hole',
  /** Five bytes that are no frame, and no TLS record, then FIN. */
  'garbage',
  /** A fatal TLS alert (handshake_failure) in the clear, then FIN. Over wss alone. */
  'alert',
  /** The FIN of the server is withheld. Its offset does not matter. */
  'withheld-end',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  readonly kind: FaultKind
  readonly direction: Direction
  /** Happens when this many bytes of the direction have been passed on. */
  readonly at: number
}

/** What happens to one connection. */
export interface Schedule {
  /** Milliseconds that each chunk is held up. Default: 0. */
  readonly delay?: number
  /** Bytes are passed on in pieces of this size, each in a turn of its own. Default: as they came. */
  readonly piece?: number
  /** Bytes of a direction wait at an offset, once, for some milliseconds. */
  readonly stall?: { readonly direction: Direction; readonly at: number; readonly time: number }
  readonly fault?: Fault
}

/** Bytes that a whole dialogue takes in each direction. */
export type Lengths = Readonly<Record<Direction, number>>

const SILENT: ReadonlySet<FaultKind> = new Set(['half-open', 'black-hole'])

/** Whether the fault leaves the connection silent: the client finds out by a time limit, so that each takes a while. */
export function isSilent({ fault }: Schedule): boolean {
  return fault !== undefined && SILENT.has(fault.kind)
}

/**
 * A fault of each kind at every offset of a dialogue.
 *
 * @param step offsets between two faults that the client notices at once
 * @param silentStep the same for those that take a time limit
 */
export function everyOffset(lengths: Lengths, secure: boolean, step: number, silentStep: number): Schedule[] {
  const schedules: Schedule[] = [{}, { piece: smallest(secure) }, { piece: 7, delay: 1 }, { delay: 20 }]
  schedules.push({ fault: { kind: 'withheld-end', direction: 'down', at: 0 } })
  for (const kind of faultKinds) {
    if (kind === 'withheld-end' || (kind === 'alert' && !secure)) continue
    for (const direction of ['down', 'up'] as const) {
      for (let at = 0; at < lengths[direction]; at += SILENT.has(kind) ? silentStep : step) {
        schedules.push({ fault: { kind, direction, at } })
      }
    }
  }
  return schedules
}

/** Schedules of all kinds, for a property. */
export function schedules(lengths: Lengths, secure: boolean): fc.Arbitrary<Schedule> {
  const place = fc
    .constantFrom<Direction>('down', 'up')
    .chain(direction => fc.record({ direction: fc.constant(direction), at: fc.nat(lengths[direction] - 1) }))
  const kinds = faultKinds.filter(kind => secure || kind !== 'alert')
  return fc.record(
    {
      delay: fc.integer({ min: 1, max: 20 }),
      piece: fc.integer({ min: smallest(secure), max: 100 }),
      stall: fc.tuple(place, fc.integer({ min: 1, max: 100 })).map(([where, time]) => ({ ...where, time })),
      fault: fc.tuple(place, fc.constantFrom(...kinds)).map(([where, kind]) => ({ ...where, kind })),
    },
    { requiredKeys: [] },
  )
}

/** A dialogue over TLS has several thousand bytes. One at a time, they would take longer than the heartbeat waits for a record. */
function smallest(secure: boolean): number {
  return secure ? 5 : 1
}
