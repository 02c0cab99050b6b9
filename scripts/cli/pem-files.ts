import { createPrivateKey, X509Certificate } from 'node:crypto'
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
  // Not by tls.createSecureContext, which in Deno takes any key.
  const key = read('--key', () => createPrivateKey(pair.key), keyFile)
  if (!read('--cert', () => new X509Certificate(pair.cert).checkPrivateKey(key), certFile)) {
    throw new UsageError('--key is not the private key of the certificate of --cert')
  }
  return pair
}

/** @throws UsageError that names the option */
function read<Value>(option: '--cert' | '--key', parse: () => Value, path: string): Value {
  try {
    return parse()
  } catch (error) {
    const { message, code, reason } = error as Error & { code?: string; reason?: string }
    if (option === '--key' && /INTERRUPTED_OR_CANCELLED|PASSPHRASE|BAD_PASSWORD_READ/.test(code ?? '')) {
      const advice = `This writes it without the passphrase: openssl pkey -in ${path} -out ${path}.plain`
      throw new UsageError('The private key of --key is encrypted', advice)
    }
    throw new UsageError(`The file of ${option} cannot be used: ${reason ?? message}`)
  }
}
