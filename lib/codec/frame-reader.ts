import type { InflateParameters } from './compression.ts'
import type { FrameHandler, ReadLimits } from './frame-handler.ts'
import { copy, type MessageBatch, takeBatch } from './message-batch.ts'
import { decodeText, MessageBody } from './message-body.ts'
import { BINARY, CLOSE, CONTINUATION, MAX_CONTROL_PAYLOAD, PING, PONG, RSV1, TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'
import { type Held, HeldBytes, NOTHING_HELD } from './read-backlog.ts'
import { type ReadBuffer, ReadTarget } from './read-buffer.ts'
import { POLICY_VIOLATION, PROTOCOL_ERROR, type Violation, type ViolationCode } from './violations.ts'

export type { FrameHandler, ReadLimits }

const MAX_SERVER_HEADER = 10
const FIN = 0x80
const RESERVED_BITS = 0x70
const FINAL_TEXT = FIN | TEXT
const FINAL_BINARY = FIN | BINARY

/** A length no chunk has: whatever the shortest path does not read goes to the general one. */
const NOT_HERE = 0x3fffffff

const EMPTY = new Uint8Array(0)

/** What of a frame an earlier chunk left unfinished. */
const NOTHING = 0
const HEADER = 1
const DATA = 2
const CONTROL = 3
const STOPPED = 4

/** Reads server frames (RFC 6455 section 5.2) from chunks that may be cut anywhere. Never throws for what it reads. */
export class FrameReader {
  readonly #platform: Platform
  readonly #handler: FrameHandler
  readonly #target: ReadTarget
  readonly #maxPayload: number
  readonly #maxFragments: number
  /** The bits of a frame's first byte that must be 0 where a message begins. */
  readonly #reserved: number

  #unfinished = NOTHING
  /** A header that was cut. */
  #header: Uint8Array = EMPTY
  #headerLength = 0

  /** The frame whose payload is being read. */
  #final = false
  #opcode = 0
  #remaining = 0

  #expectsLong = false
  #headerRoom: Uint8Array | undefined

  /** The message being put together: its opcode (0: none), its frames so far, and its payload so far. */
  #message = 0
  #fragments = 0
  /** From the first on that is not wholly in a chunk: many connections are idle (bench: idle). */
  #body: MessageBody | undefined
  readonly #inflate: InflateParameters | undefined

  #control: Uint8Array = EMPTY
  #controlLength = 0

  /** Reading is held up, and what has come meanwhile, in order. */
  #held = false
  #rest: HeldBytes | undefined
  #goingOn = false

  constructor(platform: Platform, handler: FrameHandler, limits: ReadLimits, inflate?: InflateParameters) {
    this.#platform = platform
    this.#handler = handler
    this.#target = new ReadTarget(platform)
    this.#maxPayload = limits.maxPayload > 0 ? limits.maxPayload : Number.POSITIVE_INFINITY
    this.#maxFragments = limits.maxFragments > 0 ? limits.maxFragments : Number.POSITIVE_INFINITY
    this.#reserved = inflate === undefined ? RESERVED_BITS : RESERVED_BITS & ~RSV1
    this.#inflate = inflate
  }

  /** Reads nothing any more, and lets go of what was read of an unfinished message. */
  stop(): void {
    this.#unfinished = STOPPED
    // So that the loop looks, which it does between two frames.
    this.#held = true
    this.#body?.release()
    this.#target.close()
    this.#control = EMPTY
    this.#rest?.drop()
  }

  /**
   * Reads no further than the frame that is being read, until `goOn`: one chunk may hold far more messages than the
   * handler has room for, the more so if they are compressed.
   */
  hold(): void {
    this.#held = true
  }

  /** Reads on, with what was left. */
  goOn(): void {
    this.#held = false
    this.#body?.renew()
    // Called by the handler in the middle of it, the loop below goes on by itself.
    if (this.#goingOn) return
    this.#goingOn = true
    // Once in any case: what is to be inflated may be here already.
    do {
      const rest = this.#rest?.take() ?? NOTHING_HELD
      this.read(rest.bytes, rest)
      rest.memory?.release()
    } while (!this.#held && this.#rest?.isEmpty === false)
    this.#goingOn = false
  }

  /** Whether it is held up. */
  get held(): boolean {
    return this.#held && this.#unfinished !== STOPPED
  }

  /**
   * Where the next bytes are best put: the rest of a long message where it belongs; after a long frame only a header, since
   * another long one is likely to follow; and else, while much arrives, to memory that a batch can keep.
   */
  room(): Uint8Array | undefined {
    if (this.#unfinished === STOPPED) return undefined
    // What comes while reading is held up is copied; most often nothing does, and the room serves when reading goes on.
    if (this.#rest?.isEmpty === false) return this.#target.room()
    if (this.#unfinished === DATA) {
      const room = this.#body!.room(this.#remaining)
      if (room !== undefined) return room
    } else if (this.#expectsLong && this.#unfinished === NOTHING) {
      this.#expectsLong = false
      this.#headerRoom ??= new Uint8Array(MAX_SERVER_HEADER)
      return this.#headerRoom
    }
    return this.#target.room()
  }

  /**
   * Reads one chunk. It may be reused by the caller afterwards.
   *
   * @param rest it was held up, and is ours already
   */
  read(chunk: Uint8Array, rest?: Held): void {
    const end = chunk.length
    let position = 0
    if (rest === undefined) this.#target.note(end)
    const memory = rest === undefined ? this.#target.bufferOf(chunk) : rest.memory

    // 1. What the chunk before left unfinished.
    if (this.#unfinished !== NOTHING && !this.#held) {
      position = this.#resume(chunk)
      if (position < 0) return
    }

    while (position < end) {
      if (this.#held) {
        if (this.#unfinished === STOPPED) return
        if (rest !== undefined) this.#rest!.putBack(chunk.subarray(position), memory)
        else (this.#rest ??= new HeldBytes()).add(chunk.subarray(position), memory)
        return
      }
      // 2. Messages in one frame that are wholly here: several small ones at once, or one that is decoded in place.
      const batch = this.#message === 0 ? this.#takeBatch(chunk, position, memory) : undefined
      if (batch !== undefined) {
        position += batch.size
        this.#handler.onBatch!(batch)
        continue
      }
      const first = chunk[position]!
      if ((first === FINAL_TEXT || first === FINAL_BINARY) && this.#message === 0 && position + 1 < end) {
        let length = chunk[position + 1]!
        let start = position + 2
        if (length === 126 && start + 2 <= end) {
          length = (chunk[start]! << 8) | chunk[start + 1]!
          start += 2
          if (length < 126) length = NOT_HERE
        } else if (length === 127 && start + 8 <= end && readUint32(chunk, start) === 0) {
          length = readUint32(chunk, start + 4)
          start += 8
          if (length < 0x10000) length = NOT_HERE
        } else if (length > 125) length = NOT_HERE
        const after = start + length
        if (after <= end && length <= this.#maxPayload) {
          if (first === FINAL_BINARY) this.#handler.onBinary(copy(chunk, start, after).buffer)
          else if (!this.#deliver(decodeText(this.#platform, chunk, start, after))) return
          position = after
          continue
        }
      }

      // 3. Any other frame: its header, with every check of RFC 6455 section 5.
      const headerLength = this.#readHeader(chunk, position, end - position)
      if (headerLength < 0) return
      if (headerLength === 0) {
        this.#keepHeader(chunk, position, end)
        return
      }
      // 4. Its payload, as far as it is here.
      position = this.#readPayload(chunk, position + headerLength)
      if (position < 0) return
    }
  }

  /** Several small messages that are wholly here, for a handler that takes them so. */
  #takeBatch(chunk: Uint8Array, position: number, memory: ReadBuffer | undefined): MessageBatch | undefined {
    if (this.#handler.takesBatches !== true) return undefined
    return takeBatch(this.#platform, chunk, position, this.#maxPayload, memory)
  }

  /** Goes on with an unfinished frame. Returns where the next frame begins, or -1 if the chunk is used up or refused. */
  #resume(chunk: Uint8Array): number {
    if (this.#unfinished !== HEADER) return this.#unfinished === STOPPED ? -1 : this.#readPayload(chunk, 0)

    const header = this.#header
    const kept = this.#headerLength
    const added = Math.min(MAX_SERVER_HEADER - kept, chunk.length)
    for (let index = 0; index < added; index++) header[kept + index] = chunk[index]!
    const length = this.#readHeader(header, 0, kept + added)
    if (length < 0) return -1
    if (length === 0) {
      this.#headerLength = kept + added
      return -1
    }
    this.#unfinished = NOTHING
    this.#headerLength = 0
    return this.#readPayload(chunk, length - kept)
  }

  #keepHeader(chunk: Uint8Array, position: number, end: number): void {
    if (this.#header.length === 0) this.#header = new Uint8Array(MAX_SERVER_HEADER)
    this.#headerLength = end - position
    for (let index = position; index < end; index++) this.#header[index - position] = chunk[index]!
    this.#unfinished = HEADER
  }

  /**
   * Reads and checks a header; the mirror of what `FrameWriter` writes.
   *
   * @returns its length in bytes, 0 if more of it must arrive, -1 if it was refused
   */
  #readHeader(bytes: Uint8Array, at: number, available: number): number {
    if (available < 2) return 0
    const first = bytes[at]!
    const second = bytes[at + 1]!
    const opcode = first & 0x0f
    const final = (first & FIN) !== 0
    let length = second & 0x7f

    // RFC 6455 section 5.2: RSV1 to RSV3 must be 0 unless an extension gave them a meaning.
    // With permessage-deflate RSV1 stands on the first frame of a message (RFC 7692 section 6.1), nowhere else.
    const begins = opcode === TEXT || opcode === BINARY
    if ((first & (begins ? this.#reserved : RESERVED_BITS)) !== 0)
      return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_RESERVED_BITS', 'a reserved bit is set')
    // RFC 6455 section 5.1: a server must not mask.
    if ((second & 0x80) !== 0) return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_MASKED_FRAME', 'a frame is masked')

    if (opcode >= CLOSE) {
      if (opcode > PONG) return this.#refuseOpcode(opcode)
      // RFC 6455 section 5.5: control frames are short and never fragmented.
      if (!final) {
        return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_FRAGMENTED_CONTROL', 'a control frame is fragmented')
      }
      if (length > MAX_CONTROL_PAYLOAD) {
        return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_LONG_CONTROL', 'the payload of a control frame exceeds 125 bytes')
      }
    } else if (opcode === CONTINUATION) {
      // RFC 6455 section 5.4: a continuation goes on with a message that was begun.
      if (this.#message === 0) {
        return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_UNEXPECTED_CONTINUATION', 'a continuation frame continues nothing')
      }
    } else if (opcode > BINARY) {
      return this.#refuseOpcode(opcode)
    } else if (this.#message !== 0) {
      // RFC 6455 section 5.4: the fragments of a message are not interleaved with another message.
      return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_UNFINISHED_MESSAGE', 'a message begins before the last one has ended')
    }

    let size = 2
    if (length === 126) {
      size = 4
      if (available < size) return 0
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (length < 126) return this.#refuseLength()
    } else if (length === 127) {
      size = MAX_SERVER_HEADER
      if (available < size) return 0
      const high = readUint32(bytes, at + 2)
      length = high * 0x100000000 + readUint32(bytes, at + 6)
      // RFC 6455 section 5.2: the most significant bit is 0, and the shortest encoding must be used.
      if (high > 0x7fffffff || length < 0x10000) return this.#refuseLength()
    }

    if (opcode < CLOSE) {
      if (opcode !== CONTINUATION) {
        this.#message = opcode
        this.#body ??= new MessageBody(this.#platform, this.#maxPayload, this.#inflate)
        this.#body.begin(opcode === TEXT, (first & RSV1) !== 0)
      }
      const violation = this.#body!.announce(length)
      if (violation !== undefined) return this.#refuseMessage(violation)
      if (++this.#fragments > this.#maxFragments) {
        const message = `a message has more than ${this.#maxFragments} fragments`
        return this.#refuse(POLICY_VIOLATION, 'WS_ERR_TOO_MANY_FRAGMENTS', message)
      }
    }
    this.#final = final
    this.#opcode = opcode
    this.#remaining = length
    return size
  }

  /** Reads payload from `position` on. Returns where the next frame begins, or -1 as `#resume` does. */
  #readPayload(chunk: Uint8Array, position: number): number {
    const take = Math.min(this.#remaining, chunk.length - position)
    let after = position + take
    if (this.#opcode >= CLOSE) return this.#readControl(chunk, position, after)

    const body = this.#body!
    if (take > 0 || body.busy) {
      const violation = body.append(chunk, position, after, this.#remaining, this.#final)
      if (violation !== undefined) return this.#refuseMessage(violation)
      this.#remaining -= body.taken
      after = position + body.taken
      if (body.busy) {
        this.#unfinished = DATA
        this.#held = true
        this.#handler.onBusy()
        return after
      }
    }
    if (this.#remaining > 0) {
      this.#unfinished = DATA
      return -1
    }
    this.#unfinished = NOTHING
    this.#expectsLong = body.isLong
    if (!this.#final) return after
    this.#message = 0
    this.#fragments = 0
    return this.#deliver(body.finish()) ? after : -1
  }

  #deliver(message: string | ArrayBuffer | Violation): boolean {
    if (typeof message === 'string') this.#handler.onText(message)
    else if (message instanceof ArrayBuffer) this.#handler.onBinary(message)
    else {
      this.#refuseMessage(message)
      return false
    }
    return true
  }

  #readControl(chunk: Uint8Array, position: number, after: number): number {
    const opcode = this.#opcode
    this.#remaining -= after - position
    if (this.#remaining > 0 || this.#controlLength > 0) {
      if (this.#control.length === 0) this.#control = new Uint8Array(MAX_CONTROL_PAYLOAD)
      this.#control.set(chunk.subarray(position, after), this.#controlLength)
      this.#controlLength += after - position
      if (this.#remaining > 0) {
        this.#unfinished = CONTROL
        return -1
      }
    }
    const whole = this.#controlLength > 0
    const payload = whole ? this.#control.subarray(0, this.#controlLength) : chunk.subarray(position, after)
    this.#controlLength = 0
    this.#unfinished = NOTHING
    if (opcode === PING) this.#handler.onPing(payload)
    else if (opcode === PONG) this.#handler.onPong(payload)
    else {
      this.#handler.onClose(payload)
      this.stop()
      return -1
    }
    return after
  }

  #refuse(closeCode: number, code: ViolationCode, message: string): -1 {
    this.stop()
    this.#handler.onViolation(closeCode, code, `The server broke the protocol: ${message}`)
    return -1
  }

  #refuseOpcode(opcode: number): -1 {
    return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_INVALID_OPCODE', `the opcode 0x${opcode.toString(16)} is reserved`)
  }

  #refuseLength(): -1 {
    return this.#refuse(PROTOCOL_ERROR, 'WS_ERR_INVALID_LENGTH', 'a payload length is not encoded as it must be')
  }

  #refuseMessage({ closeCode, code, message }: Violation): -1 {
    return this.#refuse(closeCode, code, message)
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
