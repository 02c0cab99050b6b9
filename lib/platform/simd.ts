import type { MaskingMemory } from '../codec/platform.ts'
import { SIMD_MODULE } from './simd-module.ts'

/*
 * What is done by WebAssembly. Masking, on the memory that frames are written to: ten times as fast as a loop in JavaScript
 * for a message of 4 KiB, four times for 128 bytes (bench: send). And UTF-8, which some hosts are slow at. The source is
 * simd.wat.
 */

/** What is used of the host's WebAssembly. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (module: object) => { readonly exports: Simd }
    }
  | undefined

/** Addresses are those of the memory. */
export interface Simd {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly mask: MaskingMemory['mask']
  /** UTF-16 at `[start, end)` to UTF-8 at `target`, a lone surrogate as U+FFFD. Returns where that ends. */
  encode(start: number, end: number, target: number): number
  /** Well-formed UTF-8 at `[start, end)` to UTF-16 at `target`. Returns where that ends, 1 more if all of it is Latin-1. */
  decode(start: number, end: number, target: number): number
  /** Makes Latin-1 in UTF-16 at `[start, end)` bytes, at `start`. */
  narrow(start: number, end: number): void
}

/** Behind four of the frame writer's slabs begins what text passes through: so many bytes for what is read, twice as many for what is written. */
export const TEXT_AT: number = 68 * 65536
export const TEXT_PART = 65536

/** The one of this process, once it was asked for; null if it is not to be had. */
let simd: Simd | null | undefined

/** Undefined where there is no WebAssembly, no SIMD in it, no leave to compile, or no memory. */
export function simdOfProcess(): Simd | undefined {
  if (simd === undefined) simd = instantiate()
  return simd ?? undefined
}

/** The same, if these bytes are a part of its memory. */
export function simdWith(bytes: Uint8Array): Simd | undefined {
  return simd && simd.memory.buffer === bytes.buffer ? simd : undefined
}

export function maskingMemory(): MaskingMemory | undefined {
  const simd = simdOfProcess()
  return simd && { bytes: new Uint8Array(simd.memory.buffer, 0, TEXT_AT), mask: simd.mask }
}

function instantiate(): Simd | null {
  try {
    const bytes = Uint8Array.from(atob(SIMD_MODULE), character => character.charCodeAt(0))
    return new WebAssembly!.Instance(new WebAssembly!.Module(bytes)).exports
  } catch {
    return null
  }
}
