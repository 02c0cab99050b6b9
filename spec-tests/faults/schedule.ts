import fc from 'fast-check'
import { frameOf } from './http2-faults.ts'
import { type Way, ways } from './way.ts'

/** The way of bytes through the proxy: `down` from the server to the client, `up` from the client to the server. */
export type Direction = 'down' | 'up'

/** What the proxy does to the connection. It acts below TLS, below HTTP/2, and between the client and a proxy. */
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
  /** A fatal TLS alert (handshake_failure) in the clear, then FIN. Over TLS alone. */
  'alert',
  /** The FIN of the server is withheld. Its offset does not matter. */
  'withheld-end',
  // The rest is of HTTP/2 in the clear alone. The offset is that of the first frame before which they may come.
  /** RST_STREAM with CANCEL: the reset of TCP (RFC 8441 section 5). The server sends nothing more on the stream. */
  'stream-reset',
  /** RST_STREAM with NO_ERROR. */
  'stream-no-error',
  /** RST_STREAM with REFUSED_STREAM: the server has not processed the request, if it comes before the response. */
  'stream-refused',
  /** END_STREAM: the end of TCP. The server sends nothing more on the stream. */
  'stream-end',
  /** GOAWAY with NO_ERROR: streams that are open go on. */
  'go-away',
  /** GOAWAY with INTERNAL_ERROR that leaves the stream out, then FIN. */
  'go-away-error',
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

/** The kinds that mean something on a way. */
function kindsOn(way: Way): FaultKind[] {
  const { secure, http2 } = ways[way]
  return faultKinds.filter(kind => (kind !== 'alert' || secure) && (frameOf(kind) === undefined || (http2 && !secure)))
}

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
export function everyOffset(lengths: Lengths, way: Way, step: number, silentStep: number): Schedule[] {
  const schedules: Schedule[] = [{}, { piece: smallest(way) }, { piece: 7, delay: 1 }, { delay: 20 }]
  schedules.push({ fault: { kind: 'withheld-end', direction: 'down', at: 0 } })
  for (const kind of kindsOn(way)) {
    if (kind === 'withheld-end') continue
    for (const direction of frameOf(kind) ? (['down'] as const) : (['down', 'up'] as const)) {
      for (let at = 0; at < lengths[direction]; at += SILENT.has(kind) ? silentStep : step) {
        schedules.push({ fault: { kind, direction, at } })
      }
    }
  }
  return schedules
}

/** Schedules of all kinds, for a property. */
export function schedules(lengths: Lengths, way: Way): fc.Arbitrary<Schedule> {
  const place = fc
    .constantFrom<Direction>('down', 'up')
    .chain(direction => fc.record({ direction: fc.constant(direction), at: fc.nat(lengths[direction] - 1) }))
  return fc.record(
    {
      delay: fc.integer({ min: 1, max: 20 }),
      piece: fc.integer({ min: smallest(way), max: 100 }),
      stall: fc.tuple(place, fc.integer({ min: 1, max: 100 })).map(([where, time]) => ({ ...where, time })),
      fault: fc.tuple(place, fc.constantFrom(...kindsOn(way))).map(([where, kind]) => {
        // Frames are those of the server.
        return { ...where, kind, ...(frameOf(kind) && { direction: 'down' as const }) }
      }),
    },
    { requiredKeys: [] },
  )
}

/** A dialogue over TLS has several thousand bytes. One at a time, they would take longer than the heartbeat waits for a record. */
function smallest(way: Way): number {
  return ways[way].secure ? 5 : 1
}
