import type { Lookup, NetworkOptions } from '../../transport/network.ts'
import { invalid, type Readers } from './reading.ts'

/** The network below, and which addresses may be connected to. */
export interface Options extends NetworkOptions {}

export interface Settings {
  readonly lookup: Lookup | undefined
  readonly family: 0 | 4 | 6
  readonly localAddress: string | undefined
  readonly noDelay: boolean
  readonly socketPath: string | undefined
  readonly allowAddress: NetworkOptions['allowAddress']
}

export const readers: Readers<Settings> = {
  lookup: readFunction as (value: unknown, name: string) => Lookup | undefined,
  family: readFamily,
  localAddress: readString,
  noDelay: readNoDelay,
  socketPath: readString,
  allowAddress: readFunction as (value: unknown, name: string) => NetworkOptions['allowAddress'],
}

function readFunction(value: unknown, name: string): unknown {
  return value === undefined || typeof value === 'function' ? value : invalid(name, 'a function')
}

function readFamily(value: unknown, name: string): 0 | 4 | 6 {
  if (value === undefined) return 0
  return value === 0 || value === 4 || value === 6 ? value : invalid(name, '0, 4 or 6')
}

function readString(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' && value !== '' ? value : invalid(name, 'a string that is not empty')
}

function readNoDelay(value: unknown, name: string): boolean {
  if (value === undefined) return true
  return typeof value === 'boolean' ? value : invalid(name, 'a boolean')
}
