import { createSecureContext } from 'node:tls'
import { UsageError } from './usage-error.ts'
import { readFileOf } from './values.ts'

/**
 * The text of a PEM file that an option names.
 *
 * @throws UsageError
 */
export function readPem(option: '--cacert' | '--cert' | '--key', path: string): string {
  const text = readFileOf(option, path)
  if (text.includes('-----BEGIN ')) return text
  const convert = option === '--key' ? 'pkey' : 'x509'
  const advice = `If it is DER, this makes it PEM: openssl ${convert} -inform DER -in ${path} -out ${path}.pem`
  throw new UsageError(`The file of ${option} is not PEM: no line of it begins with -----BEGIN`, advice)
}

/**
 * A certificate and its private key; neither if neither is given.
 *
 * @throws UsageError if one is missing, or they do not belong together
 */
export function readKeyPair(
  certFile: string | undefined,
  keyFile: string | undefined,
): { cert?: string; key?: string } {
  if (certFile === undefined && keyFile === undefined) return {}
  if (certFile === undefined || keyFile === undefined) {
    const [given, missing] = certFile === undefined ? ['--key', '--cert'] : ['--cert', '--key']
    throw new UsageError(`${given} needs ${missing} as well`, 'Give the certificate and its private key, both in PEM.')
  }
  const pair = { cert: readPem('--cert', certFile), key: readPem('--key', keyFile) }
  try {
    createSecureContext(pair)
  } catch (error) {
    throw describe(error as Error & { code?: string; reason?: string }, keyFile)
  }
  return pair
}

function describe({ message, code, reason }: Error & { code?: string; reason?: string }, keyFile: string): UsageError {
  const told = `${code} ${message}`
  if (/key.values.mismatch/i.test(told))
    return new UsageError('--key is not the private key of the certificate of --cert')
  if (/INTERRUPTED_OR_CANCELLED|BAD_PASSWORD_READ|BAD_DECRYPT|passphrase/i.test(told)) {
    const advice = `This writes it without the passphrase: openssl pkey -in ${keyFile} -out ${keyFile}.plain`
    return new UsageError('The private key of --key is encrypted', advice)
  }
  return new UsageError(`--cert and --key cannot be used: ${reason ?? message}`)
}
