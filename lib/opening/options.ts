import { refuseAlternatives } from './options/alternatives.ts'
import * as browser from './options/browser.ts'
import * as clients from './options/clients.ts'
import * as connect from './options/connect.ts'
import * as cookies from './options/cookies.ts'
import * as debug from './options/debug.ts'
import * as deflate from './options/deflate.ts'
import { adviceFor } from './options/foreign-names.ts'
import * as headers from './options/headers.ts'
import * as heartbeat from './options/heartbeat.ts'
import * as http2 from './options/http2.ts'
import * as init from './options/init.ts'
import * as limits from './options/limits.ts'
import * as network from './options/network.ts'
import * as proxy from './options/proxy.ts'
import * as queue from './options/queue.ts'
import { type Reader, type Readers, refuseUnknown } from './options/reading.ts'
import * as request from './options/request.ts'
import * as tls from './options/tls.ts'

/**
 * The options of a socket. Each file in `options/` has those of one concern: their types, docstrings, defaults and readers.
 * This file joins the concerns, so that a new option is written in one file.
 */

/** The second argument of the constructor as an object: the standard's dictionary, and what a browser has no place for. */
export interface WebSocketOptions
  extends init.WebSocketInit,
    request.Options,
    headers.Options,
    limits.Options,
    queue.Options,
    heartbeat.Options,
    deflate.Options,
    tls.Options,
    http2.Options,
    network.Options,
    proxy.Options,
    clients.Options,
    cookies.Options,
    connect.Options,
    browser.Options,
    debug.Options {}

/** The options, checked and converted, with their defaults filled in. */
export interface Settings
  extends init.Settings,
    request.Settings,
    headers.Settings,
    limits.Settings,
    queue.Settings,
    heartbeat.Settings,
    deflate.Settings,
    tls.Settings,
    http2.Settings,
    network.Settings,
    proxy.Settings,
    clients.Settings,
    cookies.Settings,
    connect.Settings,
    browser.Settings,
    debug.Settings {}

const readers: Readers<Settings> = {
  ...init.readers,
  ...request.readers,
  ...headers.readers,
  ...limits.readers,
  ...queue.readers,
  ...heartbeat.readers,
  ...deflate.readers,
  ...tls.readers,
  ...http2.readers,
  ...network.readers,
  ...proxy.readers,
  ...clients.readers,
  ...cookies.readers,
  ...connect.readers,
  ...browser.readers,
  ...debug.readers,
}

/**
 * Checks the options and fills in the defaults. Only own members count, but those of the standard's dictionary may be inherited.
 *
 * Unlike a Web IDL dictionary, an unknown name is an error: a misspelt limit would otherwise be no limit.
 *
 * @throws TypeError that names the option
 */
export function readOptions(options: object): Settings {
  refuseUnknown(options, readers, '', adviceFor)
  const given = init.copyOptions(options)
  // Defaults are inherited, since a connection has its settings for as long as it lives (bench: idle).
  const settings = Object.create(shared.defaults)
  for (const [name, read] of Object.entries<Reader<unknown>>(readers)) {
    const value = read(given[name], name)
    if (!(name in settings) || value !== settings[name]) settings[name] = value
  }
  refuseAlternatives(settings)
  return settings
}

const shared: { defaults: Settings | null } = { defaults: null }

/**
 * The settings without any option, shared by all sockets that are made without options. Read when the first of them is made:
 * that takes a twentieth of the time that loading the package does.
 */
export function defaultSettings(): Settings {
  shared.defaults ??= readOptions({})
  return shared.defaults
}
