import type { Settings as ClientSettings } from './clients.ts'
import type { Settings as ConnectSettings } from './connect.ts'
import type { Settings as Http2Settings } from './http2.ts'
import type { Settings as NetworkSettings } from './network.ts'
import type { Settings as ProxySettings } from './proxy.ts'

type Settings = ClientSettings & ConnectSettings & Http2Settings & NetworkSettings & ProxySettings

/**
 * Options of which each says how a connection is opened, so that two of them contradict each other. A proxy of the environment,
 * and none at all, gives way to all of them.
 */
const WAYS = ['upgrade', 'connect', 'agent', 'dispatcher', 'proxy', 'socketPath'] as const

/** Ways that resolve the server's name themselves, so that no address can be checked. */
const UNCHECKED: ReadonlySet<string> = new Set(['upgrade', 'connect', 'agent', 'dispatcher', 'socketPath'])

/** Ways that speak HTTP themselves. */
const SPEAKING_HTTP: ReadonlySet<string> = new Set(['upgrade', 'agent', 'dispatcher'])

/** @throws TypeError that names two options which contradict each other */
export function refuseAlternatives(settings: Settings): void {
  const given = WAYS.filter(name =>
    name === 'proxy' ? typeof settings[name] === 'object' : settings[name] !== undefined,
  )
  if (given.length > 1) {
    throw new TypeError(
      `The WebSocket options "${given[0]}" and "${given[1]}" exclude each other: each says how the connection is opened`,
    )
  }
  const other = given.find(name => SPEAKING_HTTP.has(name))
  if (settings.http2 === 'only' && other !== undefined) {
    throw new TypeError(
      `The WebSocket options "http2" and "${other}" exclude each other: what "${other}" names speaks HTTP/1.1`,
    )
  }
  const unchecked = given.find(name => UNCHECKED.has(name))
  if (settings.allowAddress !== undefined && unchecked !== undefined) {
    throw new TypeError(
      `The WebSocket option "allowAddress" has no effect beside "${unchecked}", which does not tell the address`,
    )
  }
}
