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

/** Ways that speak HTTP themselves. */
const SPEAKING_HTTP: readonly string[] = ['upgrade', 'agent', 'dispatcher']

/** @throws TypeError that names two options which contradict each other */
export function refuseAlternatives(settings: Settings): void {
  const [way, other] = WAYS.filter(name =>
    name === 'proxy' ? typeof settings[name] === 'object' : settings[name] !== undefined,
  )
  if (way === undefined) return
  if (other !== undefined) refuse(way, other, 'each says how the connection is opened')
  if (settings.http2 === 'only' && SPEAKING_HTTP.includes(way)) {
    refuse('http2', way, `what "${way}" names speaks HTTP/1.1`)
  }
  // All others resolve the server's name themselves, so that no address can be checked.
  if (settings.allowAddress !== undefined && way !== 'proxy') {
    throw new TypeError(
      `The WebSocket option "allowAddress" has no effect beside "${way}", which does not tell the address`,
    )
  }
}

function refuse(one: string, other: string, why: string): never {
  throw new TypeError(`The WebSocket options "${one}" and "${other}" exclude each other: ${why}`)
}
