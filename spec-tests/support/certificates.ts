import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  BITS,
  BOOLEAN,
  der,
  explicit,
  GENERALIZED_TIME,
  INTEGER,
  implicit,
  OCTETS,
  SEQUENCE,
  SET,
  UTC_TIME,
  UTF8_TEXT,
} from './der.ts'

/*
 * Certificates (RFC 5280), which node:crypto reads and does not write. Packages that write them take a quarter of a second of CPU time
 * to load, in nearly each process of the tests.
 */

/** PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const HOUR = 3_600_000

// Object identifiers, whole.
const COMMON_NAME = '0603550403'
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302'
const BASIC_CONSTRAINTS = '0603551d13'
const KEY_USAGE = '0603551d0f'
const EXTENDED_KEY_USAGE = '0603551d25'
const ALTERNATIVE_NAME = '0603551d11'
const SERVER_AUTHENTICATION = '06082b06010505070301'
const CLIENT_AUTHENTICATION = '06082b06010505070302'

/** Bits of the key usage, after the number of those that are not used. */
const DIGITAL_SIGNATURE = '0780'
const SIGNS_CERTIFICATES_AND_LISTS = '0106'

/** An authority to sign the others; `ca: authority.cert` is what a client has to trust. */
export async function makeAuthority(name = 'Test authority'): Promise<Certificate> {
  return make(name, [
    extension(BASIC_CONSTRAINTS, der(SEQUENCE, der(BOOLEAN, 'ff')), true),
    extension(KEY_USAGE, der(BITS, SIGNS_CERTIFICATES_AND_LISTS), true),
  ])
}

export interface LeafOptions {
  /** Default: self-signed. */
  readonly authority?: Certificate
  /** Names and addresses. Default: localhost, 127.0.0.1 and ::1. */
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  /** Its time is over since an hour. */
  readonly expired?: boolean
  /** Encrypts the key. */
  readonly passphrase?: string
}

/** A certificate for a server, or for a client. */
export async function makeCertificate(options: LeafOptions = {}): Promise<Certificate> {
  const { names = ['localhost'], addresses = ['127.0.0.1', '::1'] } = options
  const alternatives = [
    ...names.map(name => der(implicit(2), Buffer.from(name, 'latin1'))),
    ...addresses.map(address => der(implicit(7), addressBytes(address))),
  ]
  const extensions = [
    extension(BASIC_CONSTRAINTS, der(SEQUENCE), true),
    extension(KEY_USAGE, der(BITS, DIGITAL_SIGNATURE), true),
    extension(EXTENDED_KEY_USAGE, der(SEQUENCE, SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION)),
    extension(ALTERNATIVE_NAME, der(SEQUENCE, ...alternatives)),
  ]
  return make(names[0] ?? 'test', extensions, options)
}

/** What the tests of a suite that need one server with TLS have in common. */
export interface SuiteCertificates {
  readonly authority: Certificate
  /** For localhost, 127.0.0.1 and ::1, signed by the authority. */
  readonly certificate: Certificate
  /** What a client needs, to trust the authority. */
  readonly tls: { readonly ca: string }
}

/** Makes certificates before the tests of a suite: they are there while these run. */
export function useCertificates(): SuiteCertificates {
  let authority: Certificate
  let certificate: Certificate
  let tls: { ca: string }
  before(async () => {
    authority = await makeAuthority()
    certificate = await makeCertificate({ authority })
    tls = { ca: authority.cert }
  })
  return {
    get authority() {
      return authority
    },
    get certificate() {
      return certificate
    },
    get tls() {
      return tls
    },
  }
}

function make(
  name: string,
  extensions: readonly Uint8Array[],
  { authority, expired = false, passphrase }: LeafOptions = {},
): Certificate {
  // An elliptic curve, since RSA keys take long to make.
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // A day back, so that clocks do not matter.
  const [begin, end] = expired ? [-48 * HOUR, -HOUR] : [-24 * HOUR, 24 * HOUR]
  // Positive, and without a leading byte that is not needed.
  const serialNumber = Buffer.concat([Buffer.from([0x40]), randomBytes(8)])
  const issuer = authority === undefined ? name : new X509Certificate(authority.cert).subject.replace(/^CN=/, '')
  const signed = der(
    SEQUENCE,
    // Version 3.
    der(explicit(0), der(INTEGER, '02')),
    der(INTEGER, serialNumber),
    der(SEQUENCE, ECDSA_WITH_SHA256),
    distinguishedName(issuer),
    der(SEQUENCE, time(Date.now() + begin), time(Date.now() + end)),
    distinguishedName(name),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(explicit(3), der(SEQUENCE, ...extensions)),
  )
  const signature = sign('sha256', signed, authority === undefined ? keys.privateKey : createPrivateKey(authority.key))
  const cert = der(SEQUENCE, signed, der(SEQUENCE, ECDSA_WITH_SHA256), der(BITS, '00', signature))
  return { key: keyText(keys.privateKey, passphrase), cert: new X509Certificate(cert).toString() }
}

function keyText(key: KeyObject, passphrase: string | undefined): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string
}

function distinguishedName(name: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_TEXT, Buffer.from(name)))))
}

function extension(identifier: string, value: Uint8Array, isCritical = false): Buffer {
  return der(SEQUENCE, identifier, ...(isCritical ? [der(BOOLEAN, 'ff')] : []), der(OCTETS, value))
}

/** RFC 5280 section 4.1.2.5: two digits for the year, until 2049. */
function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/\.\d+|[-:T]/g, '')
  return text < '2050' ? der(UTC_TIME, Buffer.from(text.slice(2))) : der(GENERALIZED_TIME, Buffer.from(text))
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [before, after = []] = address.split('::').map(part => part.split(':').filter(group => group !== ''))
  const zeros = Array.from({ length: 8 - before!.length - after.length }, () => '0')
  return Buffer.from([...before!, ...zeros, ...after].map(group => group.padStart(4, '0')).join(''), 'hex')
}
