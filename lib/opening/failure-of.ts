import { ConnectionError, type FailureCode, type FailureStep } from '../protocol/errors.ts'
import { ExplainedError } from '../transport/connect.ts'

const CODES: Readonly<Record<FailureStep, FailureCode>> = {
  dns: 'WS_ERR_DNS',
  connect: 'WS_ERR_CONNECT',
  proxy: 'WS_ERR_PROXY',
  tls: 'WS_ERR_TLS',
  handshake: 'WS_ERR_CONNECT',
}

/**
 * The failure of an opening that could not be completed.
 *
 * @param error whatever the step has thrown
 * @param where host and port of the server, for the message
 * @param proxy the proxy of the connection, without credentials
 * @param option the option whose function has thrown, or has given something that cannot be used; or an empty string
 */
export function failureOf(
  error: unknown,
  step: FailureStep,
  where: string,
  proxy: string | undefined,
  option: string,
): ConnectionError {
  const at = step === 'proxy' && proxy !== undefined ? `the proxy ${proxy}` : where
  const by = option && ` by the option "${option}"`
  const message = `Could not connect to ${at}${by}: ${messageOf(error)}`
  const cause: unknown = error instanceof ExplainedError ? error.cause : error
  return new ConnectionError(CODES[step], message, { cause, step })
}

/**
 * The message of an error in one line. An AggregateError, which stands for one error an address, has no message of its own;
 * those of OpenSSL end with a line break. Errors may be of any realm.
 */
function messageOf(cause: unknown): string {
  try {
    const { message, errors } = Object(cause) as { message?: unknown; errors?: unknown }
    if (typeof message !== 'string') return String(cause)
    return message === '' && Array.isArray(errors) ? errors.map(messageOf).join(', ') : message.trim()
  } catch {
    // The option `connect` may reject with anything.
    return 'for an unknown reason'
  }
}
