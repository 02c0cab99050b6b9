import * as connect from './options/connect.ts'
import * as deflate from './options/deflate.ts'
import * as headers from './options/headers.ts'
import * as heartbeat from './options/heartbeat.ts'
import * as limits from './options/limits.ts'
import { type Reader, type Readers, refuseUnknown } from './options/reading.ts'
import * as request from './options/request.ts'
import * as tls from './options/tls.ts'

/**
 * The options of a socket. Each file in `options/` has those of one concern: their types, docstrings, defaults and readers.
 * This file joins the concerns, so that a new option is written in one file.
 */

/** What the browser's API has no place for: the second argument of the constructor, as a plain object. */
export interface WebSocketOptions
  extends request.Options,
    headers.Options,
    limits.Options,
    heartbeat.Options,
    deflate.Options,
    tls.Options,
    connect.Options {}

/** The options, checked and converted, with their defaults filled in. */
export interface Settings
  extends request.Settings,
    headers.Settings,
    limits.Settings,
    heartbeat.Settings,
    deflate.Settings,
    tls.Settings,
    connect.Settings {}

const readers: Readers<Settings> = {
  ...request.readers,
  ...headers.readers,
  ...limits.readers,
  ...heartbeat.readers,
  ...deflate.readers,
  ...tls.readers,
  ...connect.readers,
}

/**
 * Checks the options and fills in the defaults.
 *
 * Unlike a Web IDL dictionary, an unknown name is an error: a misspelt limit would otherwise be no limit.
 *
 * @throws TypeError that names the option
 */
export function readOptions(options: object): Settings {
  refuseUnknown(options, readers, '')
  const settings: Record<string, unknown> = {}
  for (const [name, read] of Object.entries<Reader<unknown>>(readers)) {
    // An inherited member may come from a polluted prototype.
    const value = Object.hasOwn(options, name) ? (options as Record<string, unknown>)[name] : undefined
    settings[name] = read(value, name)
  }
  return settings as unknown as Settings
}

/** The settings without any option, shared by all sockets that are made without options. */
export const defaultSettings: Settings = Object.freeze(readOptions({}))
