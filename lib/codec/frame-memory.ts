import type { MaskableMemory } from './mask.ts'
import type { MaskingMemory, Platform } from './platform.ts'

/**
 * 1 MiB of payload, in one frame or in thousands, and the headers: few long writes cost less than many (bench: send binary
 * 64 KiB).
 */
const SLAB_SIZE = 1088 * 1024
/** A slab of ordinary memory is kept while there are fewer than 3 spare slabs. Slabs of masking memory are all kept. */
export const MAX_SPARE = 3
/**
 * Masking memory is set up after 256 KiB of frames: that takes a millisecond, which a process that sends little does not
 * earn back.
 */
const MASKING_SETUP_MIN = 256 * 1024

/** A block of memory for frames. It is reused, since touching fresh memory costs more than masking the payload (bench: send). */
export class Slab implements MaskableMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Int32Array
  readonly masking: MaskingMemory | undefined
  /**
   * End of the written region, which begins at 0. Valid while the slab is closed; of the open slab it is
   * `FrameMemory.position`.
   */
  end = 0
  /** How many bytes of the written region were given back. */
  returned = 0

  constructor(bytes: Uint8Array<ArrayBuffer>, masking?: MaskingMemory) {
    this.bytes = bytes
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    this.masking = masking
  }
}

/** The writer whose frames are the last ones in the open slab. */
export interface TailOwner {
  /** Called before another owner may write: takes `slab.bytes[start, position)`, and sets `start` to `position`. */
  seal(): void
}

/**
 * The slab allocator for outgoing frames. Frames of all connections are written to one slab, one behind the other, so that
 * an idle connection owns no buffer.
 *
 * A slab is in one of three states:
 *
 * - Open: `slab`, of which there is one. Its tail, from `position` on, belongs to `owner`, who writes there and advances
 *   `position`. `slab.bytes[start, position)` is what the owner has written and not sealed yet.
 * - Closed: it is full, or another slab has taken its place. Nothing is written to it.
 * - Spare: all of it was given back. It becomes the open slab when the next one is needed.
 *
 * Every written byte is lent until `giveBack`: to the frame writer that wrote it, then to the pipe that sends it, at the latest
 * until that has closed. Bytes are given back by count. No byte is written over before the whole written region of its slab
 * was given back: then the open slab is written from its start again, and a closed one becomes spare.
 */
class FrameMemory {
  slab: Slab = new Slab(new Uint8Array(0))
  position = 0
  start = 0
  /** Undefined once the owner has flushed. */
  owner: TailOwner | undefined

  readonly #spare: Slab[] = []
  /**
   * Spare slabs beyond those that are kept, from a time when the network was slower than the senders. The garbage collector
   * may take them.
   */
  #surplus = weakly<Slab[]>([])

  #isMaskingSetUp = false
  /** Bytes written to slabs of ordinary memory so far. */
  #ordinaryBytes = 0

  /**
   * Gives the tail of the open slab to `owner`.
   *
   * @param size bytes that are to be written in all, here and in slabs that follow
   * @returns whether the slab has room for `room` bytes; otherwise the owner seals, and calls `openNext`
   */
  claim(owner: TailOwner, platform: Platform, room: number, size: number): boolean {
    this.#own(owner)
    const { slab } = this
    if (slab.masking === undefined && this.#shouldReplace(platform, size)) return false
    return slab.bytes.length - this.position >= room
  }

  /**
   * Opens a spare or a new slab for `owner`, to be written from `position` on. If nothing in the open slab is lent, that is
   * used again.
   */
  openNext(owner: TailOwner, platform: Platform, position: number): void {
    this.#own(owner)
    const { slab } = this
    if (
      this.position > 0 ||
      slab.bytes.length === 0 ||
      (slab.masking === undefined && this.#shouldReplace(platform, 0))
    ) {
      slab.end = this.position
      this.slab = this.#spare.pop() ?? this.#surplus.deref()?.pop() ?? new Slab(platform.allocate(SLAB_SIZE))
    }
    // The bytes before `position` are not lent to anybody.
    this.slab.returned = position
    this.position = position
    this.start = position
  }

  /** Gives back `length` bytes of `slab`, which nobody reads any more. */
  giveBack(slab: Slab, length: number): void {
    slab.returned += length
    if (slab === this.slab) {
      if (slab.returned < this.position) return
      this.position = 0
    } else {
      if (slab.returned < slab.end) return
      // Slabs of masking memory stand last, where they are taken first.
      if (slab.masking !== undefined) this.#spare.push(slab)
      else if (this.#spare.length < MAX_SPARE) this.#spare.unshift(slab)
      else {
        const surplus = this.#surplus.deref()
        if (surplus !== undefined) surplus.push(slab)
        else this.#surplus = weakly([slab])
      }
    }
    slab.returned = 0
  }

  #own(owner: TailOwner): void {
    if (this.owner === owner) return
    this.owner?.seal()
    this.owner = owner
    this.start = this.position
  }

  /**
   * Whether the open slab, of ordinary memory, should make way for one of masking memory. Counts the `size` bytes that are to
   * be written, and sets masking memory up once they are enough.
   */
  #shouldReplace(platform: Platform, size: number): boolean {
    this.#ordinaryBytes += size
    if (this.#ordinaryBytes < MASKING_SETUP_MIN) return false
    if (!this.#isMaskingSetUp) {
      this.#isMaskingSetUp = true
      const masking = platform.maskingMemory?.()
      // All of it becomes spare slabs at once, which costs little: the host provides a page when it is first touched.
      for (let end = masking?.bytes.length ?? 0; end >= SLAB_SIZE; end -= SLAB_SIZE) {
        this.#spare.push(new Slab(masking!.bytes.subarray(end - SLAB_SIZE, end), masking))
      }
    }
    return this.#spare.at(-1)?.masking !== undefined
  }
}

/** A reference that does not keep `value`. Hosts without WeakRef, such as workerd in its older modes, let go of it at once. */
function weakly<Value extends object>(value: Value): { deref(): Value | undefined } {
  return typeof WeakRef === 'function' ? new WeakRef(value) : { deref: () => undefined }
}

/**
 * Shared by all frame writers of the process: few slabs, touched before, serve many connections that send now and then. Foreign
 * code may have any of them write, so whoever lets it run claims the tail anew afterwards.
 */
export const frameMemory: FrameMemory = new FrameMemory()
