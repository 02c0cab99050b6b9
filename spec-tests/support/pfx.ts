import { createHash, createHmac, createPrivateKey, X509Certificate } from 'node:crypto'
import type { Certificate } from './certificates.ts'

/*
 * A file of PKCS #12 (RFC 7292), which node:crypto reads and does not write: one key and its certificate, neither of them
 * encrypted, under a code that depends on the passphrase.
 */

const INTEGER = 0x02
const OCTETS = 0x04
const NULL = 0x05
const SEQUENCE = 0x30
const EXPLICIT = 0xa0

// Object identifiers, whole.
const DATA = '06092a864886f70d010701'
const KEY_BAG = '060b2a864886f70d010c0a0101'
const CERTIFICATE_BAG = '060b2a864886f70d010c0a0103'
const X509 = '060a2a864886f70d01091601'
const SHA256 = '0609608648016503040201'

/** The block size of SHA-256. */
const BLOCK = 64

export function makePfx({ cert, key }: Certificate, passphrase: string): Buffer {
  const keyBag = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' })
  const certificateBag = der(SEQUENCE, X509, der(EXPLICIT, der(OCTETS, new X509Certificate(cert).raw)))
  const bags = der(
    SEQUENCE,
    der(SEQUENCE, KEY_BAG, der(EXPLICIT, keyBag)),
    der(SEQUENCE, CERTIFICATE_BAG, der(EXPLICIT, certificateBag)),
  )
  const contents = der(SEQUENCE, contentInfo(bags))
  const salt = Buffer.from('pass the salt')
  const code = createHmac('sha256', codeKey(passphrase, salt)).update(contents).digest()
  const digestInfo = der(SEQUENCE, der(SEQUENCE, SHA256, der(NULL)), der(OCTETS, code))
  return der(SEQUENCE, der(INTEGER, '03'), contentInfo(contents), der(SEQUENCE, digestInfo, der(OCTETS, salt)))
}

function contentInfo(content: Uint8Array): Buffer {
  return der(SEQUENCE, DATA, der(EXPLICIT, der(OCTETS, content)))
}

/** Appendix B.2, for one iteration and as much as one digest gives. */
function codeKey(passphrase: string, salt: Uint8Array): Buffer {
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16()
  return createHash('sha256')
    .update(Buffer.alloc(BLOCK, 3))
    .update(Buffer.alloc(BLOCK, salt))
    .update(Buffer.alloc(BLOCK * Math.ceil(password.length / BLOCK), password))
    .digest()
}

/** Distinguished encoding: tag, length and content, the latter in parts, of which strings are in hexadecimal. */
function der(tag: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const content = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))
  const { length } = content
  return Buffer.concat([Buffer.from(length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]), content])
}
