import type { AbortSignal, HasHref } from '../../host/host-types.ts'
import { parseURL } from '../../host/host-url.ts'
import { invalid, type Readers } from './reading.ts'

/** The request: the base of a relative URL, and the signal that gives it up. */
export interface Options {
  /** What a relative URL is resolved against. Default: `globalThis.location`; without a location, relative URLs fail. */
  readonly baseURL?: string | HasHref
  /** Gives up connecting when aborted. A WebSocket that is open stays open. Default: none. */
  readonly signal?: AbortSignal
}

export interface Settings {
  readonly baseURL: string | undefined
  readonly signal: AbortSignal | undefined
}

export const readers: Readers<Settings> = { baseURL: readBaseURL, signal: readSignal }

function readBaseURL(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  const url = hasHref(value) ? value.href : value
  return typeof url === 'string' && parseURL(url) ? url : invalid(name, 'an absolute URL')
}

function hasHref(value: unknown): value is { href: unknown } {
  return typeof value === 'object' && value !== null && 'href' in value
}

function readSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined
  // An AbortSignal of any realm and version: only the members that are used have to exist.
  const signal = value as Partial<AbortSignal> | null
  const isSignal =
    typeof signal?.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  return isSignal ? (value as AbortSignal) : invalid(name, 'an AbortSignal')
}
