/*
 * DEFLATE streams made by hand (RFC 1951), for what no compressor puts out.
 */

/** A stored block, which says its length twice; the stream is at a byte boundary before and after it. */
export function stored(content: string | Uint8Array, options: { final?: boolean; wrong?: boolean } = {}): Buffer {
  const bytes = Buffer.from(content)
  const head = Buffer.from([options.final === true ? 1 : 0, 0, 0, 0, 0])
  head.writeUInt16LE(bytes.length, 1)
  head.writeUInt16LE(~bytes.length & 0xffff, 3)
  if (options.wrong === true) head[3] = head[3]! ^ 1
  return Buffer.concat([head, bytes])
}

/** Bits in the order of RFC 1951 section 3.1.1: from the lowest of a byte on. */
export class BitWriter {
  readonly #bits: number[] = []

  /** A number, its lowest bit first. */
  number(value: number, length: number): this {
    for (let index = 0; index < length; index++) this.#bits.push((value >>> index) & 1)
    return this
  }

  /** A Huffman code, its highest bit first. */
  code(value: number, length: number): this {
    for (let index = length - 1; index >= 0; index--) this.#bits.push((value >>> index) & 1)
    return this
  }

  /** The header of a block with the fixed codes of section 3.2.6. */
  fixedBlock(final: boolean): this {
    return this.number(final ? 1 : 0, 1).number(1, 2)
  }

  literal(byte: number): this {
    return byte < 144 ? this.code(0x30 + byte, 8) : this.code(0x190 + byte - 144, 9)
  }

  /** Three bytes from so far back: 1 to 4. */
  copyThree(distance: number): this {
    return this.code(1, 7).code(distance - 1, 5)
  }

  endOfBlock(): this {
    return this.code(0, 7)
  }

  /** The bytes, the last one filled up with zeros. */
  bytes(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8))
    for (const [index, bit] of this.#bits.entries()) bytes[index >> 3]! |= bit << (index & 7)
    return bytes
  }

  /** The same, ended as RFC 7692 section 7.2.1 wants it: with an empty stored block, its last four bytes left out. */
  message(): Buffer {
    return this.number(0, 3).bytes()
  }
}
