import { type Arbitrary, integer, nat, oneof, tuple, uint8Array } from 'fast-check'

/** Changes bytes somewhere. The place is a fraction of the whole, so that it means something at any length. */
export type Damage = (bytes: Buffer) => Buffer

export function damaged(bytes: Buffer, damages: readonly Damage[]): Buffer {
  return damages.reduce((result, damage) => damage(result), bytes)
}

const place = integer({ min: 0, max: 999 })
const at = (bytes: Buffer, fraction: number): number => Math.floor((bytes.length * fraction) / 1000)

/** @param byte what a byte may be changed to, and what may be put in */
export function damage(byte: Arbitrary<number>): Arbitrary<Damage> {
  return oneof(
    tuple(place, nat(7)).map(([where, bit]) => changing(where, value => value ^ (1 << bit))),
    tuple(place, byte).map(([where, value]) => changing(where, () => value)),
    tuple(place, integer({ min: 1, max: 8 })).map(
      ([where, count]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + count)]),
    ),
    tuple(
      place,
      oneof(
        uint8Array({ minLength: 1, maxLength: 6 }),
        byte.map(value => Uint8Array.of(value)),
      ),
    ).map(
      ([where, added]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, at(bytes, where)), added, bytes.subarray(at(bytes, where))]),
    ),
    tuple(place, integer({ min: 1, max: 30 })).map(
      ([where, count]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, at(bytes, where) + count), bytes.subarray(at(bytes, where))]),
    ),
    place.map(where => (bytes: Buffer) => bytes.subarray(0, at(bytes, where))),
  )
}

function changing(where: number, change: (value: number) => number): Damage {
  return bytes => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[at(bytes, where)] = change(copy[at(bytes, where)]!)
    return copy
  }
}
