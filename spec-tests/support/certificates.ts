import { generate } from 'selfsigned'

/** PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const HOUR = 3_600_000

/** An authority to sign the others; `ca: authority.cert` is what a client has to trust. */
export function makeAuthority(name = 'Test authority'): Promise<Certificate> {
  return make(name, {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
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
export function makeCertificate(options: LeafOptions = {}): Promise<Certificate> {
  const { authority, names = ['localhost'], addresses = ['127.0.0.1', '::1'], expired = false, passphrase } = options
  return make(names[0] ?? 'test', {
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map(value => ({ type: 2, value }) as const),
          ...addresses.map(ip => ({ type: 7, ip }) as const),
        ],
      },
    ],
    ...(authority === undefined ? {} : { ca: authority }),
    ...(expired ? { notBeforeDate: new Date(Date.now() - 48 * HOUR), notAfterDate: new Date(Date.now() - HOUR) } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
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

async function make(name: string, options: Parameters<typeof generate>[1]): Promise<Certificate> {
  // A day back, so that clocks do not matter; elliptic curves, since RSA keys take long to make.
  const pems = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 24 * HOUR),
    notAfterDate: new Date(Date.now() + 24 * HOUR),
    ...options,
  })
  return { key: pems.private, cert: pems.cert }
}
