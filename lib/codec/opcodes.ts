/* The first two bytes of a frame (RFC 6455 section 5.2). */

// First byte.
export const FIN = 0x80
/** With permessage-deflate, the first frame of a compressed message (RFC 7692 section 6). */
export const RSV1 = 0x40
/** Without a meaning in this protocol. */
export const RSV2 = 0x20
export const RSV3 = 0x10
export const RESERVED_BITS = 0x70
export const OPCODE_BITS = 0x0f

// Opcodes. The others are reserved.
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** The first byte of a text message in one frame. */
export const WHOLE_TEXT = 0x81
/** The first byte of a binary message in one frame. */
export const WHOLE_BINARY = 0x82

// Second byte. The bits besides are the payload's length, up to 125.
export const MASK = 0x80

/** The payload's length follows in 2 bytes. */
export const LENGTH_16 = 126
/** The payload's length follows in 8 bytes. */
export const LENGTH_64 = 127

/** The largest payload of a control frame, in bytes (RFC 6455 section 5.5). */
export const MAX_CONTROL_PAYLOAD = 125
/** The longest header of a frame without a masking key, in bytes. */
export const MAX_SERVER_HEADER = 10
/** The longest header of a frame with a masking key, in bytes. */
export const MAX_CLIENT_HEADER = 14
