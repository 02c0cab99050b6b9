import { join } from 'node:path'
import { build } from 'esbuild'
import type { Project } from './installed.ts'
import { lastWords, run } from './run.ts'
import type { Violation } from './violation.ts'

/**
 * Checks that the field `sideEffects` of package.json is right: bundlers keep the modules that have side effects, and drop the
 * unused ones.
 */
export async function checkSideEffects(project: Project): Promise<Violation[]> {
  const { name } = project.manifest
  const works = `const socket = new WebSocket('ws://127.0.0.1:1/')
    socket.addEventListener('close', event => console.log('closed', event.code))`
  return [
    ...(await expectOutput(project, `import { WebSocket } from '${name}'\n${works}`, 'closed 1006\n')),
    ...(await expectOutput(project, `import '${name}/polyfill'\n${works}`, 'closed 1006\n')),
    ...(await expectNothing(project, `import '${name}/transport/memory'`)),
  ]
}

async function expectOutput(project: Project, text: string, wanted: string): Promise<Violation[]> {
  const file = join(project.folder, 'bundle.mjs')
  await bundle(project, text, file)
  // Without the class of Node.js itself, which would hide that the polyfill is missing.
  const ran = run(process.execPath, ['--no-experimental-websocket', file], project.folder)
  if (ran.exitCode === 0 && ran.output === wanted) return []
  const first = text.split('\n')[0]
  return [{ place: 'sideEffects', message: `a bundle of ${first} does not work:\n    ${lastWords(ran)}` }]
}

async function expectNothing(project: Project, text: string): Promise<Violation[]> {
  const length = await bundle(project, text, join(project.folder, 'nothing.mjs'))
  if (length === 0) return []
  return [{ place: 'sideEffects', message: `a bundle of ${text}, which uses nothing, has ${length} bytes` }]
}

async function bundle({ folder }: Project, contents: string, outfile: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: folder },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = Object.values(metafile.outputs).flatMap(output => Object.values(output.inputs))
  return inputs.reduce((sum, { bytesInOutput }) => sum + bytesInOutput, 0)
}
