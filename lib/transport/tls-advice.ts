/** Alerts of a server that refuses the client certificate, or the lack of one, by the errors' names in Node.js, Bun and Deno. */
export const CLIENT_CERTIFICATE_ALERT: RegExp =
  /CERTIFICATE_REQUIRED|ALERT_(UNKNOWN_CA|(BAD_|UNSUPPORTED_)?CERTIFICATE)/

/** The message for these alerts. */
export const CLIENT_CERTIFICATE_REFUSED =
  'The server does not accept the client certificate, or wants one: see "tls.cert" and "tls.key"'

/**
 * A sentence more for a connection that was lost during the opening handshake, or nothing. With TLS 1.3 the server looks at the
 * client certificate when TLS is ready for the client (RFC 8446 section 4.4.2.4), and answers the request with an alert.
 */
export function clientCertificateAdvice(cause: unknown): string {
  try {
    const { code } = Object(cause) as { code?: string }
    if (CLIENT_CERTIFICATE_ALERT.test(code as string)) return `. ${CLIENT_CERTIFICATE_REFUSED}`
  } catch {
    // A transport of the user may fail with anything.
  }
  return ''
}

/** Advice for a `ws:` URL whose server gave no answer. Appended to the message of the failure. */
export const EXPECTS_TLS = ': if it expects TLS, the URL has to begin with wss:'
