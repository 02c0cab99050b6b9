import type { Lookup, NetworkOptions } from '../../transport/network.ts'
import { invalid, oneOf, type Readers, readBoolean, readFunction } from './reading.ts'

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
  lookup: readFunction<Lookup>,
  family: oneOf([0, 4, 6], '0, 4 or 6'),
  localAddress: readString,
  noDelay: (value = true, name) => readBoolean(value, name),
  socketPath: readString,
  allowAddress: readFunction<NonNullable<NetworkOptions['allowAddress']>>,
}

function readString(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' && value !== '' ? value : invalid(name, 'a string that is not empty')
}
