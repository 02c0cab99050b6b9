import type { FrameHandler } from './frame-handler.ts'
import { MAX_CONTROL_PAYLOAD, PING, PONG } from './opcodes.ts'

/** Reads the payloads of control frames (RFC 6455 section 5.5), which are not fragmented but may be cut between chunks. */
export class ControlFrames {
  readonly #handler: FrameHandler
  /** The payload that chunks have cut, as far as it has arrived. Allocated the first time. */
  #cut: Uint8Array | undefined
  #cutLength = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /**
   * Reads payload from `chunk[start, end)`, and hands the frame to the handler if that completes it.
   *
   * @param remaining bytes of payload that have not arrived
   */
  read(opcode: number, chunk: Uint8Array, start: number, end: number, remaining: number): void {
    let payload = chunk.subarray(start, end)
    if (remaining > 0 || this.#cutLength > 0) {
      this.#cut ??= new Uint8Array(MAX_CONTROL_PAYLOAD)
      this.#cut.set(payload, this.#cutLength)
      this.#cutLength += payload.length
      if (remaining > 0) return
      payload = this.#cut.subarray(0, this.#cutLength)
      this.#cutLength = 0
    }
    if (opcode === PING) this.#handler.onPing(payload)
    else if (opcode === PONG) this.#handler.onPong(payload)
    else this.#handler.onClose(payload)
  }
}
