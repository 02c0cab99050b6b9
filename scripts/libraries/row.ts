import type { ConfiguredDefaults, WebSocket, WebSocketConstructor } from '#lib/entry/node.js'
import type { Target } from '../servers/checks.ts'
import type { Row as Server } from '../servers/row.ts'

/** A server as `npm run servers` starts it. */
export interface Started {
  readonly started: Server
  /** Its file in scripts/servers/rows, if it runs in Node.js. */
  readonly file?: string
}

/** A library, and a round trip with it: one file in rows/. */
export interface Row {
  /** The name of its package in the npm registry, or in scripts/libraries/packages, such as that of an older major version. */
  readonly name: string
  /** The other packages that the round trip needs. */
  readonly packages?: readonly string[]
  /** How the library comes to our class; a cell of a Markdown table. */
  readonly reached: string
  /** A package that serves, or a program, or a server that is started, or in words what a stub of its protocol does. */
  readonly server: string | { readonly program: string } | Started | { readonly stub: string }
  /** What the round trip is; a cell of a Markdown table. */
  readonly trip: string
  /** Left out of the default set, since its packages take long to install or it needs a program that is not from npm. */
  readonly large?: true
  /**
   * Whether our class is the global one when the library is loaded. Default: true. "either": the row runs twice, with our class
   * as an option and no global one, and with the global one and no option.
   */
  readonly global?: false | 'either'
  /** What our class is configured with. */
  readonly defaults?: ConfiguredDefaults
  /** Runs the round trip, and throws if something is not as it should be. */
  run(trip: Trip): Promise<void>
}

/** What a row works with. */
export interface Trip {
  /** Our class: one that remembers its instances. */
  readonly WebSocket: WebSocketConstructor
  /** Our class as the option of a library, or undefined where the library shall take the global one. */
  readonly option: WebSocketConstructor | undefined
  /** The instances of `WebSocket` so far. */
  readonly sockets: readonly WebSocket[]
  /** Imports a package of scripts/libraries/packages. */
  load(name: string): Promise<any>
  /** Imports it as a bundler takes it: for browsers, or with files of scripts/libraries/packages in place of other packages. */
  bundle(name: string, alias?: Readonly<Record<string, string>>): Promise<any>
  /** Runs when the round trip is over, in reverse order. */
  after(close: () => unknown): void
  /** Starts the server of the row, if that is one that `npm run servers` starts. */
  start(): Promise<Target>
}

/** What the process of a row tells. */
export interface Outcome {
  /** Undefined if all was well. */
  readonly problem: string | undefined
  readonly sockets: number
  readonly messages: number
}
