/**
 * SHA-1, for hosts whose only digest is asynchronous (Web Crypto). The opening handshake hashes a value that is no secret
 * (RFC 6455 section 4.2.2). Nothing else may use this function.
 *
 * @see https://doi.org/10.6028/NIST.FIPS.180-4 section 6.1.2
 */
export function sha1(message: Uint8Array): Uint8Array {
  // The message, a one bit, zeros, and its length in bits as the last 64 bits of a block.
  const padded = new Uint8Array(((message.length + 8) >>> 6) * 64 + 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(padded.length - 4, message.length * 8)

  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  const schedule = new Int32Array(80)
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(block + t * 4)
    for (let t = 16; t < 80; t++) {
      schedule[t] = rotateLeft(schedule[t - 3]! ^ schedule[t - 8]! ^ schedule[t - 14]! ^ schedule[t - 16]!, 1)
    }
    let [a, b, c, d, e] = hash as [number, number, number, number, number]
    for (let t = 0; t < 80; t++) {
      const next = (rotateLeft(a, 5) + mix(t, b, c, d) + e + CONSTANTS[Math.floor(t / 20)]! + schedule[t]!) | 0
      e = d
      d = c
      c = rotateLeft(b, 30)
      b = a
      a = next
    }
    for (const [index, value] of [a, b, c, d, e].entries()) hash[index] = (hash[index]! + value) | 0
  }

  const digest = new DataView(new ArrayBuffer(20))
  for (const [index, word] of hash.entries()) digest.setInt32(index * 4, word)
  return new Uint8Array(digest.buffer)
}

const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]

function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return (b & c) | (~b & d)
  if (t >= 40 && t < 60) return (b & c) | (b & d) | (c & d)
  return b ^ c ^ d
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
