import { ExplainedError } from './connect.ts'
import { CLIENT_CERTIFICATE_ALERT, CLIENT_CERTIFICATE_REFUSED, EXPECTS_TLS } from './tls-advice.ts'

const CERTIFICATE = `The server's certificate`
const AUTHORITY = `give its certificate as "tls.ca" if you trust it`

/**
 * Meanings of TLS errors, by their codes in Node.js, Bun and Deno: codes of OpenSSL's verification, and parts of the names of
 * OpenSSL's errors, which some hosts have in the message alone. The first row that matches counts.
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
    'The server speaks other versions of TLS: see "tls.minVersion" and "tls.maxVersion"',
  ],
  [/NO_APPLICATION_PROTOCOL/, 'The server does not speak HTTP/1.1 on this port'],
  [CLIENT_CERTIFICATE_ALERT, CLIENT_CERTIFICATE_REFUSED],
  [/UNRECOGNIZED_NAME/, 'The server does not know this host: see "tls.servername"'],
  [
    /HANDSHAKE_FAIL|INSUFFICIENT|NO_SHARED_CIPHER/,
    'The server wants another cipher, curve or signature algorithm, or a client certificate',
  ],
]

/** The server ended the connection, or its answer is not HTTP. It may have done so behind the TLS handshake, for some clients. */
const NO_RESPONSE = /ECONNRESET|EPIPE|ERR_SOCKET( |_CL)|EXPECTED_HTTP/

const NO_TLS = ': if it does not speak TLS on this port, the URL has to begin with ws:'

/** The longest part of a message that comes from the server, in characters. */
const MAX_NAMES = 200

/** An error of TLS; that of a name which does not match has the name and the certificate. */
interface TlsError {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly host?: unknown
  readonly cert?: { readonly subjectaltname?: unknown }
}

/**
 * Says in words what an error of TLS means, or of an HTTP client without TLS whose server expects it; any other error is returned
 * as it is.
 */
export function explainTlsError(error: unknown, secure = true, member = '"tls.'): unknown {
  try {
    const { name, code = name, message, host, cert } = Object(error) as TlsError
    if (typeof code !== 'string') return error
    const text = `${code} ${String(message).toUpperCase().replaceAll(' ', '_')}`
    const meaning =
      code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? `${CERTIFICATE} is not for ${host}, but for ${String(cert?.subjectaltname ?? 'no name').slice(0, MAX_NAMES)}: the URL, or "tls.servername", has to name one of them`
        : NO_RESPONSE.test(text)
          ? `The server gave no HTTP response${secure ? NO_TLS : EXPECTS_TLS}`
          : MEANINGS.find(([pattern]) => pattern.test(text))?.[1]
    return meaning === undefined
      ? error
      : new ExplainedError(`${meaning.replaceAll('"tls.', member)} (${code})`, { cause: error })
  } catch {
    // A client of the user may fail with anything.
    return error
  }
}
