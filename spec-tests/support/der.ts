/** Tags of the distinguished encoding of ASN.1 (X.690). */
export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BITS = 0x03
export const OCTETS = 0x04
export const NULL = 0x05
export const UTF8_TEXT = 0x0c
export const GENERALIZED_TIME = 0x18
export const UTC_TIME = 0x17
export const SEQUENCE = 0x30
export const SET = 0x31

/** The tag of an optional member by its number, around a whole value. */
export const explicit = (number: number): number => 0xa0 + number
/** The tag of a choice by its number, in place of that of a simple value. */
export const implicit = (number: number): number => 0x80 + number

/** Distinguished encoding: tag, length and content, the latter in parts, of which strings are in hexadecimal. */
export function der(tag: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const content = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))
  return Buffer.concat([Buffer.from([tag, ...encodeLength(content.length)]), content])
}

/** As short as it can be, which BoringSSL insists on. */
function encodeLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}
