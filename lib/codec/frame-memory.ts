import type { MaskableMemory } from './mask.ts'
import type { MaskingMemory, Platform } from './platform.ts'

/** 1 MiB of payload, in one frame or in thousands, and the headers: few long writes cost less than many (bench: send binary 64 KiB). */
const SLAB_SIZE = 1088 * 1024
/** Spare slabs of ordinary memory that are kept. Slabs of masking memory are all kept. */
export const MAX_SPARE = 3
/** Bytes written to ordinary memory before masking memory is set up: that takes a millisecond, which short use does not earn back. */
const MASKING_SETUP_MIN = 256 * 1024

/** A block of memory for frames, used again and again: touching fresh memory costs more than masking what is written there (bench: send). */
export class Slab implements MaskableMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Int32Array
  readonly masking: MaskingMemory | undefined
  /** End of the written region. Valid while the slab is closed; that of the open slab is `FrameMemory.position`. */
  end = 0
  /** How many bytes of the written region were given back. */
  returned = 0

  constructor(bytes: Uint8Array<ArrayBuffer>, masking?: MaskingMemory) {
    this.bytes = bytes
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    this.masking = masking
  }
}

/** Whoever writes at the tail of the open slab. */
export interface TailOwner {
  /** Called before the tail goes to another owner: everything written from `FrameMemory.start` on must be sealed. */
  seal(): void
}

/**
 * The slab allocator for outgoing frames. Frames of all connections are written to one slab, one behind the other, so that
 * an idle connection owns no buffer.
 *
 * A slab is in one of three states:
 *
 * - Open: `slab`, of which there is one. It is written at `position`. What `owner` has written since it took the tail is
 *   `slab.bytes[start, position)`; the owner seals it, as a piece to be sent, before anybody else may write.
 * - Closed: it is full, or another slab has taken its place. Its `end` is fixed, and nothing is written to it.
 * - Spare: all of it was given back. It becomes the open slab when the next one is needed.
 *
 * A written byte is lent until `giveBack`: to the frame writer that wrote it, and then to the pipe that sends it, at the
 * latest until that has closed. Bytes are given back by count. No byte is written over before the whole written region of its slab was given back: then an open
 * slab is written from its start again, and a closed one becomes spare.
 */
class FrameMemory {
  slab: Slab = new Slab(new Uint8Array(0))
  position = 0
  start = 0
  owner: TailOwner | undefined

  readonly #spare: Slab[] = []
  /** Spare slabs beyond those that are kept, from a time when the network was slower than the senders. The garbage collector may take them. */
  #surplus = new WeakRef<Slab[]>([])

  #isMaskingSetUp = false
  /** Bytes written to slabs of ordinary memory, before masking memory is set up. */
  #ordinaryBytes = 0

  /**
   * Gives the tail of the open slab to `owner`.
   *
   * @param size bytes that are to be written in all, here and in slabs that follow
   * @returns whether the slab has room for `room` bytes; if not, the owner seals and calls `openNext`
   */
  claim(owner: TailOwner, platform: Platform, room: number, size: number): boolean {
    this.#own(owner)
    const { slab } = this
    if (slab.masking === undefined && this.#shouldReplace(platform, size)) return false
    return slab.bytes.length - this.position >= room
  }

  /**
   * Opens a spare or a new slab, and gives it to `owner`, to be written from `position` on. The open slab stays if nothing in
   * it is lent.
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
    // The bytes that are left out need not be given back.
    this.slab.returned = position
    this.position = position
    this.start = position
  }

  /** Gives back `length` bytes of a slab, which nobody reads any more. */
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
        else this.#surplus = new WeakRef([slab])
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
   * Whether a slab of ordinary memory should give way to one of masking memory. Counts the `size` bytes that are to be
   * written, and sets masking memory up once enough was written.
   */
  #shouldReplace(platform: Platform, size: number): boolean {
    this.#ordinaryBytes += size
    if (this.#ordinaryBytes < MASKING_SETUP_MIN) return false
    if (!this.#isMaskingSetUp) {
      this.#isMaskingSetUp = true
      const masking = platform.maskingMemory?.()
      // All of it becomes spare slabs. The host gives a page when it is first touched.
      for (let end = masking?.bytes.length ?? 0; end >= SLAB_SIZE; end -= SLAB_SIZE) {
        this.#spare.push(new Slab(masking!.bytes.subarray(end - SLAB_SIZE, end), masking))
      }
    }
    return this.#spare.at(-1)?.masking !== undefined
  }
}

/**
 * Shared by the frame writers of all connections in the process: a few slabs that were touched before serve them all. Foreign
 * code may have any of them write, so whoever lets it run claims the tail anew afterwards.
 */
export const frameMemory: FrameMemory = new FrameMemory()
