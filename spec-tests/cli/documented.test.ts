import { once } from 'node:events'
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { knownElsewhere } from '../../scripts/cli/habits.ts'
import { createProgram } from '../../scripts/cli/program.ts'
import { commands } from '../../scripts/cli/terminal/commands.ts'
import { authority, certificate, privateKey } from '../../wpt/server/certificate.ts'
import { runProgram } from '../support/child.ts'
import { type Block, firstColumn, readDocuments } from '../support/documents.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { environment, program, Running, runtime, useCommand } from './command.ts'
import { keys, Screen, useScreens } from './screen.ts'

const document = readDocuments(root).find(({ path }) => path === 'docs/command.md')!

/** Times differ from run to run. */
function withoutTimes(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d\d:\d\d:\d\d\.\d{3}/g, 'TIME')
}

describe('docs/command.md', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()
  useScreens()

  /** The ports of the servers that the document starts, by the ports that it names. */
  const ports = new Map<string, string>()
  let folder: string
  let echoPort: number
  let stop: () => void

  before(async () => {
    folder = makeFolder({ 'ca.pem': authority })
    copyFileSync(join(root, 'examples/asyncapi/chat.yaml'), join(folder, 'chat.yaml'))
    const start = [...runtime, program].map(word => `'${word}'`).join(' ')
    for (const [name, before] of [
      ['whatwg-websocket', ''],
      ['npx', 'shift; '],
    ]) {
      writeFileSync(join(folder, name!), `#!/bin/sh\n${before}exec ${start} "$@"\n`)
      chmodSync(join(folder, name!), 0o755)
    }
    const http = createServer({ cert: certificate, key: privateKey })
    const echo = new WebSocketServer({ server: http })
    echo.on('connection', peer => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    echoPort = (http.address() as AddressInfo).port
    stop = () => {
      for (const client of echo.clients) client.terminate()
      http.close()
    }
  })
  after(() => stop())

  const localize = (text: string): string =>
    [...ports].reduce(
      (changed, [named, actual]) => changed.replaceAll(`localhost:${named}`, `127.0.0.1:${actual}`),
      text.replaceAll('echo.example', `127.0.0.1:${echoPort}`),
    )

  const variables = () => ({
    ...environment(),
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    PATH: folder + delimiter + process.env.PATH,
  })

  async function runBlock(block: Block): Promise<void> {
    const server = /^whatwg-websocket ((?:listen|replay .*--listen) (\d+)(.*))\n$/.exec(block.text)
    if (server === null) {
      const ended = await runProgram('sh', ['-c', localize(block.text)], { folder, environment: variables() })
      expect(ended.errors).to.equal('')
      if (block.output !== undefined) expect(withoutTimes(ended.output)).to.equal(withoutTimes(block.output))
      else expect(ended.exitCode).to.equal(0)
      return
    }
    const [, words = '', port = ''] = server
    const parsed = [...words.replace(port, '0').matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain!,
    )
    const running = new Running(parsed, folder)
    const [, url] = await running.until(/listening on (\S+)/)
    ports.set(port, new URL(url!).port)
  }

  async function runConsole(block: Block): Promise<void> {
    const [command = '', ...expected] = block.text.trimEnd().split('\n')
    const words = localize(command).replace('$ whatwg-websocket ', '').split(' ')
    const screen = new Screen(words, { folder, environment: variables() as Record<string, string> })
    await screen.until(/Ctrl\+D closes\.\n>$/)
    for (const [index, line] of expected.entries()) {
      const typed = /^(?:\d\d:\S+ )?> (?!binary, )(.*)$/.exec(line)?.[1]
      if (typed === undefined) continue
      screen.enter(typed)
      // All that the document shows until the next line is typed.
      const shown = localize(expected.slice(0, index + 1).join('\n')).split('\n').length
      const next = expected.findIndex((one, at) => at > index && /^(?:\d\d:\S+ )?> (?!binary, )/.test(one))
      const lines = next < 0 ? expected.length : next
      expect(shown).to.be.at.most(lines)
      await screen.until(new RegExp(`^(?:.*\\n){${lines}}[>…]$`))
    }
    screen.type(keys.ctrlD)
    await screen.ended
    expect(withoutTimes(screen.text)).to.equal(withoutTimes(localize(expected.join('\n'))))
  }

  for (const block of document.blocks) {
    if (block.language === 'sh') it(`line ${block.line} works`, () => runBlock(block))
    if (block.language === 'console') it(`line ${block.line} looks so`, () => runConsole(block))
  }

  it('names every command of the terminal, and no other', () => {
    const named = firstColumn(document, '## In a terminal').map(text => /^\/(\w+)/.exec(text)?.[1])
    expect([...new Set(named)]).to.have.members(commands.map(({ name }) => name))
  })

  it('names every option of every command, and no other', () => {
    const main = createProgram(() => {}, [])
    const options = (name: string): string[] => {
      const command = name === '' ? main : main.commands.find(one => one.name() === name)!
      return command.options.filter(({ hidden }) => !hidden).map(({ long }) => long!.replace('no-', 'no-'))
    }
    const named = (heading: string): string[] =>
      firstColumn(document, heading).flatMap(text => /^--[a-z0-9-]+/.exec(text)?.[0] ?? [])
    expect(named('## Options')).to.have.members([...options(''), '--help'])
    expect(named('## `listen`: a server')).to.have.members(options('listen'))
    const common = options('').filter(option => options('bench').includes(option) && options('replay').includes(option))
    const own = (name: string): string[] => options(name).filter(option => !common.includes(option))
    expect(named('## `--record` and `replay`')).to.have.members(own('replay'))
    expect(named('## `bench`: how fast is a server?')).to.have.members(own('bench'))
  })
  it('names every option of another command that an error gives advice for, and no other', () => {
    const options = firstColumn(document, '## Coming from wscat, websocat or curl').filter(text => !text.includes(' '))
    expect([...new Set(options)]).to.have.members([...knownElsewhere])
  })
})
