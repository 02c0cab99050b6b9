/** The frame opcodes of RFC 6455 section 5.2. The others are reserved. */
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** The largest payload of a control frame, in bytes (RFC 6455 section 5.5). */
export const MAX_CONTROL_PAYLOAD = 125

/** The bit of a frame's first byte that permessage-deflate gave a meaning: the message is compressed (RFC 7692, 7.2). */
export const RSV1 = 0x40
