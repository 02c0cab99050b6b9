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
 * @param isForeign whether the error is a cause, even if it is a failure of this package
 */
export function failureOf(
  error: unknown,
  step: FailureStep,
  where: string,
  proxy: string | undefined,
  option: string,
  isForeign: boolean,
): ConnectionError {
  let cause = error
  let text = 'for an unknown reason'
  try {
    if (!isForeign && error instanceof ConnectionError) return error
    text = messageOf(error)
    if (error instanceof ExplainedError) cause = error.cause
  } catch {
    // Code of the user may reject with anything, such as a Proxy that throws.
  }
  const at = step === 'proxy' && proxy !== undefined ? `the proxy ${proxy}` : where
  const by = option && ` by the option "${option}"`
  const message = `Could not connect to ${at}${by}: ${text}`
  return new ConnectionError(CODES[step], message, { cause, step })
}

/**
 * The message of an error in one line. An AggregateError, which stands for one error an address, has no message of its own;
 * those of OpenSSL end with a line break. Errors may be of any realm.
 *
 * @throws whatever reading the error throws
 */
function messageOf(cause: unknown): string {
  const { message, errors } = Object(cause) as { message?: unknown; errors?: unknown }
  if (typeof message !== 'string') return String(cause)
  return message === '' && Array.isArray(errors) ? errors.map(messageOf).join(', ') : message.trim()
}
