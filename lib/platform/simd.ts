import type { MaskingMemory } from '../codec/platform.ts'
import { SIMD_MODULE } from './simd-module.ts'

/*
 * The functions of simd.wat, WebAssembly with SIMD: masking, directly in the memory that frames are written to, which is ten
 * times as fast as a loop in JavaScript for a message of 4 KiB and four times for 128 bytes (bench: send); and UTF-8, for hosts
 * that are slow at it.
 */

/** The part of the host's WebAssembly that is used. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (module: object) => { readonly exports: Simd }
    }
  | undefined

/** The exports of simd.wat. All numbers but the key are addresses in `memory`. */
export interface Simd {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly mask: MaskingMemory['mask']
  /** Encodes the UTF-16 at `[start, end)` as UTF-8, a lone surrogate as U+FFFD. Returns the end of the result. */
  encode(start: number, end: number, target: number): number
  /**
   * Decodes the UTF-8 at `[start, end)`, which is well-formed, to UTF-16. Returns the end of the result, plus 1 if all of it
   * is Latin-1.
   */
  decode(start: number, end: number, target: number): number
  /** Converts the UTF-16 at `[start, end)`, all of it Latin-1, to one byte a unit, in place. */
  narrow(start: number, end: number): void
}

/*
 * The layout of the memory: first four of the frame writer's slabs, then the text that is converted. TEXT_PART bytes are for the
 * input, and twice as many for the result.
 */
export const TEXT_AT: number = 68 * 65536
export const TEXT_PART = 65536

/**
 * The instance of this process, shared by all connections: frames of all of them are written to its memory, and text is
 * converted in it within one call. Undefined until it is asked for, null if the host has none.
 */
const shared: { simd: Simd | null | undefined } = { simd: undefined }

/**
 * Returns the instance, which the first call creates. Undefined if the host has no WebAssembly or no SIMD, forbids to compile, or
 * has too little memory.
 */
export function simdOfProcess(): Simd | undefined {
  if (shared.simd === undefined) shared.simd = instantiate()
  return shared.simd ?? undefined
}

/** The instance whose memory holds `bytes`. Undefined if they are elsewhere. */
export function simdWith(bytes: Uint8Array): Simd | undefined {
  const { simd } = shared
  return simd && simd.memory.buffer === bytes.buffer ? simd : undefined
}

/** The memory for slabs. */
export function maskingMemory(): MaskingMemory | undefined {
  const simd = simdOfProcess()
  return simd && { bytes: new Uint8Array(simd.memory.buffer, 0, TEXT_AT), mask: simd.mask }
}

function instantiate(): Simd | null {
  try {
    const bytes = Uint8Array.from(SIMD_MODULE.match(/../g)!, digits => Number.parseInt(digits, 16))
    return new WebAssembly!.Instance(new WebAssembly!.Module(bytes)).exports
  } catch {
    return null
  }
}
