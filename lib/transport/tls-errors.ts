import { CLIENT_CERTIFICATE_ALERT, CLIENT_CERTIFICATE_REFUSED } from './client-certificate.ts'
import { ExplainedError } from './connect.ts'

const CERTIFICATE = `The server's certificate`
const AUTHORITY = `give its certificate as "tls.ca" if you trust it`

/**
 * What errors of TLS mean, by their codes in Node.js, Bun and Deno: those of OpenSSL's verification, and parts of the names of
 * OpenSSL's errors, which are sometimes in the message alone. The first that fits counts.
 */
const MEANINGS: readonly (readonly [code: RegExp, meaning: string])[] = [
  [/^DEPTH_ZERO/, `${CERTIFICATE} is signed by itself, and not trusted: ${AUTHORITY}`],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_(UNTRUSTED|SIG))/,
    `${CERTIFICATE} is of an authority that is not trusted here: ${AUTHORITY}. The server of a public one must send intermediate certificates`,
  ],
  [/^CERT_HAS/, `${CERTIFICATE} has expired, or the clock of this machine is wrong`],
  [/^CERT_NOT_YET/, `${CERTIFICATE} is not valid yet, or the clock of this machine is wrong`],
  [/^CERT_REVOKED/, `${CERTIFICATE} was revoked`],
  [
    /WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL|SSL_HTTP_REQUEST|BAD_RECORD_TYPE/,
    'The server does not speak TLS on this port: the URL has to begin with ws:',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|NO_SUPPORTED_VERSIONS/,
    'Server and client have no version of TLS in common: see "tls.minVersion" and "tls.maxVersion"',
  ],
  [/NO_APPLICATION_PROTOCOL/, 'The server does not speak HTTP/1.1 on this port, which a WebSocket begins with'],
  [CLIENT_CERTIFICATE_ALERT, CLIENT_CERTIFICATE_REFUSED],
  [/UNRECOGNIZED_NAME/, 'The server does not know this host: see "tls.servername"'],
  [
    /HANDSHAKE_FAILURE|INSUFFICIENT|NO_SHARED_CIPHER/,
    'Server and client have no cipher, curve or signature algorithm in common, or the server wants a client certificate',
  ],
  [
    /^(ECONNRESET|EPIPE)/,
    'The server ended the connection during the TLS handshake: if it does not speak TLS on this port, the URL has to begin with ws:',
  ],
]

/** The longest part of a message that comes from the server, in characters. */
const MAX_NAMES = 200

/** An error of TLS; that of a name which does not match has the name and the certificate. */
interface TlsError {
  readonly code?: unknown
  readonly message?: unknown
  readonly host?: unknown
  readonly cert?: { readonly subjectaltname?: unknown }
}

/** Says in words what an error of TLS means; any other error is returned as it is. */
export function explainTlsError(error: unknown): unknown {
  const { code, message, host, cert } = Object(error) as TlsError
  if (typeof code !== 'string') return error
  const names = String(cert?.subjectaltname ?? 'no name').slice(0, MAX_NAMES)
  const meaning =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? `${CERTIFICATE} is not for ${host}, but for ${names}: the URL, or "tls.servername", has to name one of them`
      : MEANINGS.find(([pattern]) => pattern.test(`${code} ${String(message).toUpperCase().replaceAll(' ', '_')}`))?.[1]
  return meaning === undefined ? error : new ExplainedError(`${meaning} (${code})`, { cause: error })
}
