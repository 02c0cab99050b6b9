import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startWorkerd } from '../runtimes/workerd.ts'

/** What the worker is to connect to, and the authority of the secure server. */
export interface WorkerServers {
  readonly plain: string
  readonly secure: string
  readonly authority: string
}

/**
 * Runs `worker.ts` in workerd, once with the modules of Node.js and once without.
 *
 * @param folder a project that has the package installed
 * @returns the lines of both runs, each with "done" at its end, and what workerd has written
 */
export async function runWorkers(
  executable: string,
  folder: string,
  servers: WorkerServers,
): Promise<{ lines: string[]; errors: string }> {
  const lines: string[] = []
  let errors = ''
  const source = await bundleWorker(folder)
  for (const compatibilityFlags of [['nodejs_compat'], []]) {
    const trustedCertificates = [servers.authority]
    const worker = await startWorkerd(executable, { source, compatibilityFlags, trustedCertificates })
    try {
      const query = new URLSearchParams({ plain: servers.plain, secure: servers.secure })
      const answer = await worker.request(`/?${query}`)
      lines.push(`${compatibilityFlags[0] ?? 'without flags'}:`, ...answer.split('\n'))
      errors += worker.errors
    } finally {
      await worker.stop()
    }
  }
  return { lines, errors }
}

async function bundleWorker(resolveDir: string): Promise<string> {
  const contents = readFileSync(fileURLToPath(new URL('worker.js', import.meta.url)), 'utf8')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, sourcefile: join(resolveDir, 'worker.js') },
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'module'],
    external: ['cloudflare:*'],
    logLevel: 'warning',
  })
  return outputFiles[0]!.text
}
