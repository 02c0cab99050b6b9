/** Masks or unmasks a payload in place (RFC 6455 section 5.3), a long one by words of four bytes. */
export function mask(payload: Uint8Array, key: Uint8Array): void {
  let done = 0
  if (payload.length >= 64 && payload.byteOffset % 4 === 0) {
    const words = new Int32Array(payload.buffer, payload.byteOffset, payload.length >>> 2)
    const word = new Int32Array(Uint8Array.from(key).buffer)[0]!
    for (let index = 0; index < words.length; index++) words[index]! ^= word
    done = words.length * 4
  }
  for (let index = done; index < payload.length; index++) payload[index]! ^= key[index & 3]!
}
