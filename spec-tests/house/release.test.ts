import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { billOfMaterials } from '../../scripts/release/bill-of-materials.ts'
import { type Evidence, findProblems } from '../../scripts/release/problems.ts'
import { runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const good: Evidence = {
  manifest: { name: 'whatwg-websocket', version: '1.2.3' },
  changelog: '# Changelog\n\n## 1.2.3 - 2026-01-02\n',
  changedFiles: '',
  sbom: '{"components":[]}',
  audit: '{"metadata":{"vulnerabilities":{"total":0}}}',
}

describe('npm run release', function () {
  this.timeout(60_000)

  it('finds nothing wrong with a release that has all', () => {
    expect(findProblems(good)).to.deep.equal([])
  })

  it('refuses dependencies, install scripts, and a version without a section of the changelog', () => {
    const bad: [Partial<Evidence>, string][] = [
      [{ manifest: { ...good.manifest, dependencies: { other: '1' } } }, 'the package depends on other'],
      [{ manifest: { ...good.manifest, optionalDependencies: { other: '1' } } }, 'the package depends on other'],
      [{ manifest: { ...good.manifest, peerDependencies: { other: '1' } } }, 'the package depends on other'],
      [{ manifest: { ...good.manifest, scripts: { postinstall: 'x' } } }, 'a script runs at "postinstall"'],
      [{ sbom: '{"components":[{"name":"other"}]}' }, 'the bill of materials lists other'],
      [{ changelog: '# Changelog\n\n## 1.2.2 - 2026-01-02\n' }, 'CHANGELOG.md has no section for 1.2.3'],
      [{ audit: '{"metadata":{"vulnerabilities":{"total":2}}}' }, 'npm audit knows 2 weaknesses of what ships'],
    ]
    for (const [change, text] of bad) {
      expect(findProblems({ ...good, ...change })).to.deep.equal([{ text, blocks: true }])
    }
  })

  it('tells of what is not done yet, or could not be looked up', () => {
    const evidence = { ...good, changelog: '## Unreleased: 1.2.3\n', changedFiles: ' M README.md', audit: '' }
    const problems = findProblems(evidence)
    expect(problems).to.have.lengthOf(3)
    expect(problems.some(({ blocks }) => blocks)).to.equal(false)
  })

  it('this package has no dependencies, and a section in the changelog', () => {
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
    const problems = findProblems({ ...good, manifest, changelog })
    expect(problems.filter(({ blocks }) => blocks)).to.deep.equal([])
  })

  it('names the package in the bill of materials by its name, and not by that of the folder', () => {
    const packages = { '': { ...good.manifest, license: 'MIT' } }
    const folder = makeFolder({
      'package.json': JSON.stringify(packages['']),
      'package-lock.json': JSON.stringify({ ...good.manifest, lockfileVersion: 3, packages }),
    })
    const commandLine = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx']
    const written = execFileSync('npm', commandLine, { cwd: folder, encoding: 'utf8' })
    const { metadata, components } = JSON.parse(billOfMaterials(written, good.manifest.name))
    expect(metadata.component).to.include({ name: 'whatwg-websocket', version: '1.2.3', type: 'library' })
    expect(metadata.component.purl).to.equal('pkg:npm/whatwg-websocket@1.2.3')
    expect(components).to.deep.equal([])
  })

  it('connections over ws and wss make no warning, of deprecations to come neither', async () => {
    const program = `
      import { createServer } from 'node:https'
      import { WebSocketServer } from 'ws'
      import { WebSocket, WebSocketStream, ping } from 'whatwg-websocket'
      import { makeCertificate } from './build/spec-tests/support/certificates.js'
      const { key, cert } = await makeCertificate()
      const https = createServer({ key, cert })
      const servers = [new WebSocketServer({ port: 0 }), new WebSocketServer({ server: https })]
      await new Promise(resolve => https.listen(0, resolve))
      for (const server of servers) server.on('connection', socket => socket.on('message', data => socket.send(String(data))))
      const urls = ['ws://localhost:' + servers[0].address().port, 'wss://localhost:' + https.address().port]
      for (const url of urls) {
        const options = { tls: { ca: cert }, heartbeat: { interval: 1000, timeout: 1000 } }
        const socket = new WebSocket(url, options)
        await new Promise(resolve => { socket.onopen = resolve })
        socket.send('x'.repeat(100000))
        await new Promise(resolve => { socket.onmessage = resolve })
        await ping(socket)
        socket.close()
        await new Promise(resolve => { socket.onclose = resolve })
        const stream = new WebSocketStream(url, options)
        const { readable, writable } = await stream.opened
        await writable.getWriter().write('x')
        for await (const message of readable) break
        await stream.closed.catch(() => {})
        const refused = new WebSocket('ws://localhost:1', { signal: AbortSignal.timeout(1000) })
        await new Promise(resolve => { refused.onclose = resolve })
      }
      for (const server of servers) server.close()
      https.close()
      console.log('done')
    `
    const flags = ['--trace-warnings', '--throw-deprecation', '--pending-deprecation', '--input-type=module', '--eval']
    const { output, errors, exitCode } = await runNode([...flags, program])
    expect(errors).to.equal('')
    expect(output).to.equal('done\n')
    expect(exitCode).to.equal(0)
  })
})
