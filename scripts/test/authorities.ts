import { readFileSync, writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

/**
 * Leaves the certificates of NODE_EXTRA_CA_CERTS to npm, which installs what some tests need: Node.js 20 reads them in each process
 * that starts, whether it needs them or not. With those of a Linux distribution that takes 80 ms of CPU time, a thousand times in a run.
 *
 * @param environment is changed
 * @param file is written: all authorities that npm has trusted
 */
export function leaveAuthoritiesToNpm(environment: NodeJS.ProcessEnv, file: string): void {
  const { NODE_EXTRA_CA_CERTS: extra, npm_config_cafile: own } = environment
  if (extra === undefined || extra === '') return
  if (own === undefined) {
    const certificates = read(extra)
    // Node.js itself warns of it.
    if (certificates === undefined) return
    writeFileSync(file, [...rootCertificates, certificates].join('\n'))
    environment.npm_config_cafile = file
  }
  delete environment.NODE_EXTRA_CA_CERTS
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
