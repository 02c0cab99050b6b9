import type { Checks } from './checks.ts'

export type CheckName = keyof Checks

/** What a server is started with. */
export interface Settings {
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** Where it listens for TLS, if it can. */
  readonly tlsPort: number
  /** Another port that is free. */
  readonly innerPort: number
  /** Files in PEM. The certificate is for the name localhost alone. */
  readonly key: string
  readonly cert: string
  /** The port of a server of ws, for a proxy to stand in front of. */
  readonly upstream: number
  /** An empty folder that is removed afterwards. */
  readonly folder: string
}

/** A program that serves: its command line and its environment. */
export interface Command {
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * A server of another project: one file in rows/. Unless `paths` says otherwise it echoes at /echo, a text that begins
 * with "fragments" in frames; for the text "close" it sends "last 0" to "last 99" and closes with 4001 and "as you wish". It
 * refuses /refused and redirects /redirect. Of the subprotocols it chooses "echo".
 */
export interface Row {
  readonly name: string
  /** Part of the default set: it is installed fast. */
  readonly quick?: true
  /** Debian's packages that it needs; the version of the first one is that of the row, unless there is `version`. */
  readonly debian?: readonly string[]
  /** Packages of scripts/servers/packages that it needs; the version of the first one is that of the row. */
  readonly npm?: readonly string[]
  /** A runtime of `npm run runtimes`. */
  readonly runtime?: 'bun' | 'deno' | 'workerd'
  /** Runs the server in a process of Node.js of its own. */
  serve?(settings: Settings): Promise<void>
  /** Or the program that does. */
  command?(settings: Settings): Command
  readonly paths?: { readonly echo?: string; readonly refused?: string; readonly redirect?: string }
  /** Whether it answers a Close frame with another one, as RFC 6455 section 5.5.1 has it. Default: true. */
  readonly answersClose?: false
  /** Takes WebSockets over HTTP/2 (RFC 8441) where it listens for TLS. */
  readonly http2?: true
  /** What it cannot do, and why. All else is checked. */
  readonly lacks?: Readonly<Partial<Record<CheckName, string>>>
  /** Checks that differ for it. */
  readonly checks?: Partial<Checks>
}
