/** A frame as it stands in a stream, valid or not. */
export interface WalkedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv: number
  /** The bits that the length takes. */
  readonly form: 7 | 16 | 64
  readonly length: bigint
  /** As much of the payload as there is. */
  readonly payload: Buffer
}

/**
 * Takes a stream apart without judging it, so that a difference between two readers can be looked at by a third that has
 * nothing in common with either. What stands behind a frame that is cut off is not looked at.
 */
export function walk(bytes: Buffer): WalkedFrame[] {
  const frames: WalkedFrame[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const first = bytes[at]!
    const second = bytes[at + 1]!
    const short = second & 0x7f
    const form = short === 126 ? 16 : short === 127 ? 64 : 7
    const extended = form === 7 ? 0 : form / 8
    if (at + 2 + extended > bytes.length) break
    const length =
      form === 7 ? BigInt(short) : form === 16 ? BigInt(bytes.readUInt16BE(at + 2)) : bytes.readBigUInt64BE(at + 2)
    const start = at + 2 + extended + ((second & 0x80) === 0 ? 0 : 4)
    const here = BigInt(Math.max(0, bytes.length - start))
    const end = start + Number(length < here ? length : here)
    frames.push({
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      form,
      length,
      payload: bytes.subarray(start, end),
    })
    if (length > here) break
    at = end
  }
  return frames
}

/** A data message of the stream: its frames, control frames in between left out. */
export interface WalkedMessage {
  readonly isText: boolean
  readonly isCompressed: boolean
  /** Its last frame is there, whole. */
  readonly isWhole: boolean
  readonly payload: Buffer
}

export function messagesOf(frames: readonly WalkedFrame[]): WalkedMessage[] {
  const messages: WalkedMessage[] = []
  for (const { opcode, fin, rsv, length, payload } of frames) {
    if (opcode > 2) continue
    const isWhole = fin && BigInt(payload.length) === length
    const last = messages.at(-1)
    if (opcode !== 0) messages.push({ isText: opcode === 1, isCompressed: (rsv & 4) !== 0, isWhole, payload })
    else if (last !== undefined && !last.isWhole) {
      messages[messages.length - 1] = { ...last, isWhole, payload: Buffer.concat([last.payload, payload]) }
    }
  }
  return messages
}

/** Whether the bytes can no longer become well-formed UTF-8, whatever follows. */
export function isHopeless(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return false
  } catch {
    return true
  }
}
